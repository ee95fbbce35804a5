// SPDX-License-Identifier: Apache-2.0
import NodeCore
import WebSocketCore

/// One connection of the simulated node, with both ends of its network.
final class SimulatedLink {
    let connection: Connection
    var server: SimulatedServer
    var observer: Observer
    var audit = NewsAudit()
    let dial: SimulatedDial
    var urlIndex: Int
    /// What its server asked for when it refused us, nanoseconds.
    var retryAfter: UInt64 = 0
    /// Before the server; nil: none.
    var proxy: SimulatedProxy?
    /// The proxy has opened the way, and TLS to the server is not there yet.
    var awaitsTLS = false
    /// Towards the server, and back.
    var up: Pipe
    var down: Pipe
    /// A reset: the node learns of it before what is still on the way.
    var isReset = false
    /// The server's machine is gone without a word: nothing comes, and nothing is read.
    var isDead = false
    /// The server reads nothing before this.
    var stallsUntil: UInt64 = 0
    var openedAt: UInt64?
    /// When its attempt began, redials included.
    let attemptBegan: UInt64
    /// When bytes of the server came last, or it read some of ours.
    var lastLife: UInt64 = 0
    /// When bytes came last.
    var lastHeard: UInt64 = 0
    /// Settings have come that need another.
    var isObsolete = false
    /// The last message that was pushed before the host gave such settings; nil: it has not.
    var lastID: UInt64?

    /// As `Link` in the library.
    var buffer: [UInt8]
    var start = 0
    var end = 0
    var isPumping = false
    var quietUntil: UInt64?
    var holdWatch = HoldWatch()
    /// Nothing was sent at its beginning, before what may be the last try of a message.
    var wasQuiet = false
    /// Keep-alive Pings asked for since it was open, and the shortest interval and timeout that were in force.
    var pingsAsked: UInt64 = 0
    /// Of these, those that the host wanted, at most.
    var pingsWanted: UInt64 = 0
    /// When the newest of them left; nil: it has not, or has its round trip.
    var pingLeftAt: UInt64?
    var openSince: UInt64 = 0
    /// When the server's Close came on the open connection; 0: none did.
    var closedAt: UInt64 = 0
    var leastPingInterval = UInt64.max
    var leastPingTimeout = UInt64.max
    /// How often the barrier has looked how the server comes along with its Ping.
    var barrierLooks = 0
    /// When the server read some of what was sent; and some of what stands before a barrier's Ping.
    var acknowledgedAt: UInt64 = 0
    var lastRead: UInt64 = 0
    /// The newest message for which the application has answered in the end.
    var acknowledgedID: UInt64 = 0
    /// What the last Pong said.
    var echo: [UInt8] = []
    /// Where the barrier's last Ping ends that has left.
    var barrierEnd: UInt64 = 0
    var hasFinishedWriting = false
    var heartbeat: Heartbeat?
    var isHeartbeatDue = false
    /// How many were due, how many of those have left, and when the last one was due, or the first one's interval
    /// began: counted apart from `heartbeat`.
    var heartbeatsAsked = 0
    var heartbeatsGone = 0
    var heartbeatAskedAt: UInt64 = 0
    /// When the one that awaits its answer had left; nil: none does.
    var heartbeatLeftAt: UInt64?
    /// Where the last one ends, what the server has read, and when it read some of what stands before that end.
    var heartbeatEnd: UInt64 = 0
    var heartbeatRead: UInt64 = 0
    var heartbeatMovedAt: UInt64 = 0
    /// The commands that were taken to go out on this connection, those that did, and those of them that did before
    /// the last heartbeat.
    var commandsTaken: Set<UInt64> = []
    var commandsSent: Set<UInt64> = []
    var commandsBefore: Set<UInt64> = []

    init(
        _ connection: Connection, _ server: consuming SimulatedServer, _ observer: Observer, dial: SimulatedDial,
        urlIndex: Int, attemptBegan: UInt64, proxy: SimulatedProxy?, bufferBytes: Int, pipeBytes: Int
    ) {
        self.attemptBegan = attemptBegan
        self.connection = connection
        self.server = server
        self.observer = observer
        self.dial = dial
        self.urlIndex = urlIndex
        self.proxy = proxy
        buffer = [UInt8](repeating: 0, count: bufferBytes)
        up = Pipe(capacity: pipeBytes)
        down = Pipe(capacity: pipeBytes)
    }

    var isFlushed: Bool { start == end }
}
