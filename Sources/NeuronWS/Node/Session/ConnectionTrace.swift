// SPDX-License-Identifier: Apache-2.0
import NodeCore
import WebSocketCore

/// Both directions of a connection, as the log tells them. A class: few connections have one.
final class ConnectionTrace {
    var sent: StreamTrace
    /// nil: it begins with the first frame.
    var received: StreamTrace?

    /// From the first byte on. `mask`: what no line holds.
    init(mask: SecretMask) {
        sent = StreamTrace(mask: mask)
        received = StreamTrace(mask: mask)
    }

    /// From where the connection is now.
    init(_ link: Link) {
        sent = StreamTrace(mask: link.mask, from: link.connection.placeOfSent)
        received = nil
    }
}
