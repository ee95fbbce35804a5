// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// Who sent a message, and asks for what is in it. Immutable, and made once for each connection, which may be gone when
/// the message is looked at.
final class Asker: Sendable {
    /// By `Node.serverNumbers`.
    let server: UInt16
    /// The number of the connection, from 1 on.
    let connection: UInt64
    /// As they are shown.
    let url: String
    let address: String
    /// What the server was told, and is shown of nothing that it says.
    let mask: SecretMask

    init(server: UInt16, connection: UInt64, url: String, address: String, mask: SecretMask) {
        self.server = server
        self.connection = connection
        self.url = url
        self.address = address
        self.mask = mask
    }

    static let nobody = Asker(server: 0, connection: 0, url: "", address: "", mask: .none)
}
