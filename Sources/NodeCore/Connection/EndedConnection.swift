// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import WebSocketCore

/// What the end of a connection, or of an attempt at one, settles. Whoever carried it has settled what the kernel had,
/// lets go of the stream, and tells.
public struct EndedConnection {
    /// It had been open.
    public let wasOpen: Bool
    /// The commands of which some had left, and not all.
    public let begun: [UInt64]
    /// From now on the server is taken for one that does not echo Pings.
    public let isSilent: Bool
    public let messages: Backlog.ConnectionEnd

    /// - Parameters:
    ///   - connection: nil: there was not even an attempt.
    ///   - written: so many bytes of its stream have left.
    ///   - acknowledged: of these, how many the peer has; asked of an open one.
    public init(
        _ connection: Connection?, _ ending: Ending, written: UInt64, acknowledged: @autoclosure () -> UInt64?,
        _ backlog: inout Backlog, _ echoWatch: inout EchoWatch
    ) {
        wasOpen = connection?.isOpen ?? false
        begun = connection?.commandsBegun(written: written) ?? []
        isSilent = wasOpen && connection?.barrier?.hasEcho == false && echoWatch.endedWithoutEcho(ending.reason)
        messages = backlog.connectionEnded(ending, acknowledged: wasOpen ? acknowledged() : nil)
    }
}

extension Connection {
    /// A Close goes out behind what has been framed, without waiting for an answer, if no frame has begun.
    /// - Returns: false: none can.
    public func saysGoodbye() -> Bool {
        guard isOpen, !isMidFrame else { return false }
        queueClose(.goingAway)
        return true
    }
}

extension Backlog {
    /// There may be other servers: they may take what the one before refused, and answer its Pings.
    public mutating func serversChanged(_ echoWatch: inout EchoWatch) {
        refusals = RefusalWatch()
        echoWatch = EchoWatch()
    }
}
