// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// Knows one name beyond ASCII, in two ways to write it.
final class KnownNames: HostNames {
    static let written = "fabrik-münchen.example"
    static let ascii = "xn--fabrik-mnchen-3ob.example"

    func ascii(_ name: String) throws(HostNameFault) -> String {
        switch name {
        case Self.written, "Fabrik-München。example", "fabrik-münchen。example": Self.ascii
        default: throw .disallowed
        }
    }
}
