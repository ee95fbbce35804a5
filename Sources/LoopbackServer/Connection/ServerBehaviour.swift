// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// How the server treats its clients. Set before it starts or at any time afterwards: what is said about the
/// handshake counts from the next connection on, the rest from the next message on.
public struct ServerBehaviour: Sendable {
    /// What becomes of a client's opening handshake.
    public enum Handshake: Sendable {
        case accept
        /// The connection stands, and nothing is ever said.
        case silent
        /// An HTTP answer that opens no WebSocket.
        case refuse(status: Int, reason: String, headers: [(name: String, value: String)])
        /// A 101 with somebody else's Sec-WebSocket-Accept.
        case wrongAccept
        /// The right answer, but the connection ends behind so many bytes of it.
        case cut(afterBytes: Int)
        /// These bytes instead of an answer; then the connection ends.
        case bytes([UInt8])
        /// These bytes for ever.
        case endless([UInt8])
    }

    /// What each message is answered with.
    public enum Answer: Sendable {
        case nothing
        case echo
        case text(String)
        /// The newest number in what was read at a time, `{"ack":17}`: the messages of a node with the setting
        /// `sequence` have one.
        case acknowledgement
    }

    /// What becomes of a connection behind so many of its messages.
    public struct Ending: Sendable, Equatable {
        public enum How: Sendable, Equatable {
            /// A Close frame with this code, without one if it may not be sent.
            case close(code: UInt16, reason: String)
            /// An abrupt end (RST).
            case reset
            /// The connection stays, but nothing more is read, answered or sent until the server ends it.
            case stall
        }

        /// 0: right behind the handshake.
        public var messages: Int
        public var how: How

        public init(messages: Int, how: How) {
            self.messages = messages
            self.how = how
        }
    }

    /// How Pings are answered.
    public enum Pongs: Sendable, Equatable {
        /// With their own bytes (RFC 6455 §5.5.3).
        case right
        /// With other bytes.
        case wrong
        case none
    }

    public var handshake = Handshake.accept
    /// So many requests meet `handshake`, counted over the server's life; those behind them are accepted. Nil: all.
    public var handshakeCount: Int?
    /// Chosen if the client offers it.
    public var subprotocol: String?
    /// Sent in one piece with the handshake, as they are: frames that a good server would not send, for instance.
    public var bytesAfterHandshake: [UInt8] = []
    /// False: nothing is read behind the handshake, and the client's sending comes to a halt.
    public var reads = true
    /// At most so many bytes are read a second, and with TLS some 256 KiB ahead; nil: as fast as it goes.
    public var readBytesPerSecond: Int?
    /// Keep the messages in the log. Without it, and without anything else to do with them, they are only counted,
    /// millions a second, and mostly not looked into.
    public var collects = true
    public var answer = Answer.nothing
    /// Answers go out in fragments of so many bytes; nil: in one frame.
    public var fragmentBytes: Int?
    public var pongs = Pongs.right
    /// A Ping every so many milliseconds; nil: none.
    public var pingIntervalMilliseconds: Int?
    public var ending: Ending?

    public init() {}

    /// How pages are treated, whatever gateways suffer.
    static let ofPages: ServerBehaviour = {
        var behaviour = ServerBehaviour()
        behaviour.collects = false
        return behaviour
    }()

    /// What the server's request `number`, counted from 1, is met with.
    public func handshake(forRequest number: Int) -> Handshake {
        if let handshakeCount, number > handshakeCount { return .accept }
        return handshake
    }

    /// What becomes of a connection that has just had its message `number`; 0: that has just been opened.
    public func ending(atMessage number: Int) -> Ending.How? { ending?.messages == number ? ending?.how : nil }

    /// Whether a Close frame may carry the code (RFC 6455 §7.4).
    public static func mayClose(with code: UInt16) -> Bool { CloseCode(rawValue: code).isAllowedOnWire }

    /// Whether the contents of messages are of no use.
    var onlyCounts: Bool {
        if case .nothing = answer { return !collects && ending == nil }
        return false
    }
}

/// What a server is given once.
public struct ServerConfiguration: Sendable {
    /// 0: any free one.
    public var port: UInt16 = 0
    public var listensOnIPv4 = true
    /// Where the machine has no IPv6, the server does without it as long as it has IPv4.
    public var listensOnIPv6 = true
    /// The certificate, with its chain behind it, and its key, as PEM; nil: no TLS.
    public var certificatePEM: String?
    public var keyPEM: String?
    /// With TLS: clients must show a certificate of this authority.
    public var clientAuthorityPEM: String?
    /// The kernel's receive buffer; small, it makes a server that does not read felt soon. Nil: the system's choice.
    public var receiveBufferBytes: Int32?
    public var maxMessageBytes = 1 << 30
    /// So many connections may be without their handshake at a time; more are answered with 503.
    public var handshakesMax = 4096
    /// Plain requests get this page, and it a live socket; nil: there is none.
    public var pages: ServerPages?
    public var behaviour = ServerBehaviour()
    /// Hears what happens, on the threads of the connections, several at once. Must not call the server's methods
    /// that wait.
    public var onEvent: (@Sendable (ServerEvent) -> Void)?

    public init() {}
}

/// What happened to a connection; connections are numbered from 1.
public enum ServerEvent {
    case opened(ConnectionRecord)
    /// The bytes live during the call.
    case message(connection: Int, isText: Bool, bytes: UnsafeRawBufferPointer)
    /// From now on the server neither reads nor answers.
    case stalled(ConnectionRecord)
    case ended(ConnectionRecord)
}

/// A connection as the server saw it.
public struct ConnectionRecord: Sendable {
    public let number: Int
    /// "127.0.0.1:40312"
    public let peer: String
    /// Path and query of the handshake; "" before it.
    public internal(set) var resource = ""
    public internal(set) var headers: [(name: String, value: String)] = []
    /// "": none.
    public internal(set) var subprotocol = ""
    public internal(set) var isTLS = false
    /// The subject of the certificate that the client showed; nil: none.
    public internal(set) var clientCertificate: String?
    public internal(set) var isOpen = false
    public internal(set) var messages = 0
    public internal(set) var payloadBytes = 0
    public internal(set) var pongs = 0
    /// The client's Close code; nil: it sent none.
    public internal(set) var closeCode: UInt16?
    public internal(set) var closeReason = ""
    /// How it ended, in words; "" while it lasts.
    public internal(set) var ending = ""
}

/// A message in the log.
public struct ReceivedMessage: Sendable {
    public let connection: Int
    /// Path and query of its connection's handshake.
    public let resource: String
    public let isText: Bool
    public let bytes: [UInt8]

    public var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// Why a server could not be started; for people.
public struct ServerError: Error {
    public let message: String
}
