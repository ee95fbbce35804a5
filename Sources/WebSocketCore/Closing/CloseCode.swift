// SPDX-License-Identifier: Apache-2.0
/// Why a connection is closed (RFC 6455 §7.4, and the IANA registry for 1012 to 1014). Any number is a value of this
/// type; `isAllowedOnWire` tells which of them may stand in a Close frame.
public struct CloseCode: RawRepresentable, Equatable, Hashable, Sendable {
    public var rawValue: UInt16

    @inlinable
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let normalClosure = CloseCode(rawValue: 1000)
    public static let goingAway = CloseCode(rawValue: 1001)
    public static let protocolError = CloseCode(rawValue: 1002)
    public static let unsupportedData = CloseCode(rawValue: 1003)
    /// Stands for a Close frame without a code; never sent.
    public static let noStatusReceived = CloseCode(rawValue: 1005)
    /// Stands for a connection that ended without a Close frame; never sent.
    public static let abnormalClosure = CloseCode(rawValue: 1006)
    public static let invalidFramePayloadData = CloseCode(rawValue: 1007)
    public static let policyViolation = CloseCode(rawValue: 1008)
    public static let messageTooBig = CloseCode(rawValue: 1009)
    public static let mandatoryExtension = CloseCode(rawValue: 1010)
    public static let internalServerError = CloseCode(rawValue: 1011)
    public static let serviceRestart = CloseCode(rawValue: 1012)
    public static let tryAgainLater = CloseCode(rawValue: 1013)
    public static let badGateway = CloseCode(rawValue: 1014)
    /// Stands for a failed TLS handshake; never sent.
    public static let tlsHandshake = CloseCode(rawValue: 1015)

    /// True for 1000–1003, 1007–1014 and 3000–4999. RFC 6455 §7.4.2 reserves the rest, and §7.4.1 forbids 1005, 1006
    /// and 1015 in a frame.
    public var isAllowedOnWire: Bool {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: return true
        default: return false
        }
    }
}
