// SPDX-License-Identifier: Apache-2.0
/// Who tells a server's pages what they show. Called on the pages' threads, several at once; must not call the server's
/// methods that wait.
public protocol PageHost: AnyObject, Sendable {
    /// The page, as HTML.
    /// - Parameter nonce: its scripts and styles carry it, no others are run (CSP Level 3 §2.3.1).
    func html(nonce: String) -> [UInt8]

    /// A page's live socket is open; pages are numbered together with the server's connections.
    func pageOpened(_ page: Int)

    /// The bytes live during the call.
    func pageReceived(_ page: Int, isText: Bool, _ bytes: UnsafeRawBufferPointer)

    /// What is to become of the page now; asked whenever it can take more, and after `wakePages`.
    /// - Parameter nowMilliseconds: CLOCK_MONOTONIC.
    func nextStep(_ page: Int, nowMilliseconds: Int64) -> PageStep

    func pageEnded(_ page: Int)

    /// The server accepts nobody for so long; called again when that changes.
    func unplugged(milliseconds: Int64)

    /// It accepts again.
    func plugged()
}

public enum PageStep: Equatable, Sendable {
    /// One message, JSON.
    case send([UInt8])
    /// Nothing before that time (CLOCK_MONOTONIC), unless it is woken.
    case wait(untilMilliseconds: Int64)
    /// Nothing until it is woken.
    case idle
    case close(code: UInt16, reason: String)
}

/// A server's page, and who may open its live socket.
public struct ServerPages: Sendable {
    public static let livePath = "/.neuron-ws/live"

    public let host: any PageHost
    /// Hex digits; new for each run.
    public let token = ServerRandom.hex(bytes: 16)
    /// So many live sockets at a time.
    public var pagesMax = 16
    /// The largest message that a page may send.
    public var messageBytesMax = 64 * 1024

    public init(host: any PageHost) { self.host = host }
}
