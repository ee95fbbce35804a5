// SPDX-License-Identifier: Apache-2.0
import CLinux

/// A WebSocket server for demonstrations and tests. It listens on 127.0.0.1 and ::1 alone, has a thread per
/// connection, and misbehaves as it is told (`ServerBehaviour`). Its owner calls `stop` before letting go of it.
public final class LoopbackWebSocketServer: @unchecked Sendable {
    private let configuration: ServerConfiguration
    private let tls: ServerTLS?
    private var plug: ServerPlug?
    var pages: ServerPages? { configuration.pages }
    let onEvent: (@Sendable (ServerEvent) -> Void)?

    private let lock = ServerLock()
    // All below is touched under the lock.
    private var listener: ServerListener?
    private var chosenPort: UInt16
    private var currentBehaviour: ServerBehaviour
    private var connections: [Int: ServerConnection] = [:]
    /// Those of them that have come through their handshake.
    private var gateways: Set<Int> = []
    private var pageNumbers: Set<Int> = []
    private var finished: [ServerConnection] = []
    private var lastNumber = 0
    private var lastRequest = 0
    private var ended: [ConnectionRecord] = []
    private var opened = 0
    private var log: [ReceivedMessage] = []
    private var count = 0
    private var bytes = 0

    private init(configuration: ServerConfiguration, tls: ServerTLS?) {
        self.configuration = configuration
        self.tls = tls
        onEvent = configuration.onEvent
        chosenPort = configuration.port
        currentBehaviour = configuration.behaviour
    }

    /// Listens from now on.
    public static func start(_ configuration: ServerConfiguration) throws(ServerError) -> LoopbackWebSocketServer {
        var tls: ServerTLS?
        if let certificate = configuration.certificatePEM {
            guard let key = configuration.keyPEM else { throw ServerError(message: "the certificate needs its key") }
            tls = try ServerTLS.make(
                certificatePEM: certificate, keyPEM: key, clientAuthorityPEM: configuration.clientAuthorityPEM)
        }
        let server = LoopbackWebSocketServer(configuration: configuration, tls: tls)
        if let pages = configuration.pages {
            let plug = ServerPlug(server: server, host: pages.host)
            plug.start()
            server.plug = plug
        }
        do throws(ServerError) { try server.startListening() } catch {
            server.plug?.stop()
            throw error
        }
        return server
    }

    deinit { listener?.stop() }

    // MARK: Listening

    /// The port it listens on, or listened on last.
    public var port: UInt16 { lock.locked { chosenPort } }

    /// "ws://127.0.0.1:40123" or "wss://…", to which a path may be added.
    public var url: String { (tls == nil ? "ws" : "wss") + "://127.0.0.1:\(port)" }

    /// Accepts nobody any more; new connections are refused by the kernel. Those that are open stay.
    public func stopListening() {
        let old = lock.locked {
            defer { listener = nil }
            return listener
        }
        old?.stop()
    }

    /// Listens again, on the same port. Does nothing if it listens already.
    public func startListening() throws(ServerError) {
        if lock.locked({ listener != nil }) { return }
        let new = try ServerListener.open(configuration, port: port)
        lock.locked {
            chosenPort = new.port
            listener = new
        }
        new.start { [unowned(unsafe) self] descriptor, peer in accepted(descriptor, peer) }
    }

    /// Ends everything: no more listening, a Close frame to each client, and all threads joined.
    public func stop() {
        plug?.stop()
        stopListening()
        endConnections { $0.end() }
    }

    /// Ends every connection abruptly, by an RST, and waits for its thread.
    public func killAllConnections() { endConnections { $0.reset() } }

    /// The same, but pages stay.
    func resetGateways() { endConnections(sparingPages: true) { $0.reset() } }

    private func endConnections(sparingPages: Bool = false, _ how: (ServerConnection) -> Void) {
        let open = lock.locked { connections.filter { !sparingPages || !pageNumbers.contains($0.key) } }
        for connection in open.values { how(connection) }
        _ = lock.wait(timeoutMilliseconds: 10_000) { open.keys.allSatisfy { connections[$0] == nil } }
        joinFinished()
    }

    /// Threads at their end wait to be joined, or they would keep their stacks.
    private func joinFinished() {
        let done = lock.locked {
            defer { finished = [] }
            return finished
        }
        for connection in done {
            if let thread = connection.thread { pthread_join(thread, nil) }
        }
    }

    // MARK: Pages

    /// Accepts nobody for so long, nor keeps a connection but those of pages, whose host hears of it. From any thread;
    /// of a server without pages it does nothing.
    public func unplug(milliseconds: Int64) { plug?.ask(.unplug(milliseconds: milliseconds)) }

    /// Accepts again, and at once.
    public func plugIn() { plug?.ask(.plug) }

    /// The pages' host has something to say to these.
    public func wakePages(_ pages: [Int]) {
        guard !pages.isEmpty else { return }
        lock.locked {
            for page in pages where pageNumbers.contains(page) { connections[page]?.wake() }
        }
    }

    /// Sends a text message, which must be UTF-8.
    /// - Returns: false if there is no such connection, or if its client does not read.
    public func send(_ text: [UInt8], to connection: Int) -> Bool {
        let client = lock.locked { gateways.contains(connection) ? connections[connection] : nil }
        return client?.post(text) ?? false
    }

    /// - Returns: false if there are too many.
    func pageOpens(_ number: Int, pagesMax: Int) -> Bool {
        lock.locked {
            guard pageNumbers.count < pagesMax else { return false }
            pageNumbers.insert(number)
            return true
        }
    }

    // MARK: What it does and what it saw

    public var behaviour: ServerBehaviour {
        get { lock.locked { currentBehaviour } }
        set { lock.locked { currentBehaviour = newValue } }
    }

    /// The messages collected so far, in the order in which they came.
    public var messages: [ReceivedMessage] { lock.locked { log } }

    /// Messages collected or only counted.
    public var messageCount: Int { lock.locked { count } }

    /// The payload bytes of all those messages.
    public var payloadBytes: Int { lock.locked { bytes } }

    /// How many connections have come through their handshake.
    public var openedCount: Int { lock.locked { opened } }

    /// The connections that are open at the moment.
    public var openCount: Int { lock.locked { connections.count } }

    /// The connections that have ended, the first to end first.
    public var endedConnections: [ConnectionRecord] { lock.locked { ended } }

    /// - Returns: false if fewer than `number` messages had come when the time was over.
    public func waitForMessages(_ number: Int, timeoutMilliseconds: Int) -> Bool {
        lock.wait(timeoutMilliseconds: timeoutMilliseconds) { count >= number }
    }

    /// - Returns: false if fewer than `number` handshakes had succeeded when the time was over.
    public func waitForOpened(_ number: Int, timeoutMilliseconds: Int) -> Bool {
        lock.wait(timeoutMilliseconds: timeoutMilliseconds) { opened >= number }
    }

    /// - Returns: false if fewer than `number` connections had ended when the time was over.
    public func waitForEnded(_ number: Int, timeoutMilliseconds: Int) -> Bool {
        lock.wait(timeoutMilliseconds: timeoutMilliseconds) { ended.count >= number }
    }

    // MARK: From the threads

    private func accepted(_ descriptor: Int32, _ peer: String) {
        joinFinished()
        let stream = ServerStream(descriptor: descriptor, tls: tls)
        lock.locked {
            guard connections.count - gateways.count - pageNumbers.count < configuration.handshakesMax else {
                // Over TLS there is no saying it.
                if tls == nil { WebAnswer.tooManyRequests.bytes().withUnsafeBytes { _ = stream.write($0) } }
                return
            }
            lastNumber += 1
            let connection = ServerConnection(
                server: self, stream: stream, number: lastNumber, peer: peer,
                maxMessageBytes: configuration.maxMessageBytes)
            // Under the lock, so that the thread cannot be at its end before it is known here. Without a thread the
            // connection is dropped; its client sees it end.
            connection.thread = ServerThread.start { connection.run() }
            if connection.thread != nil { connections[lastNumber] = connection }
        }
    }

    /// Counts the requests that came, from 1.
    func nextRequestNumber() -> Int {
        lock.locked {
            lastRequest += 1
            return lastRequest
        }
    }

    func connectionOpened(_ record: ConnectionRecord) {
        lock.locked {
            opened += 1
            gateways.insert(record.number)
            lock.notifyAll()
        }
        onEvent?(.opened(record))
    }

    func messagesReceived(_ batch: inout MessageBatch, _ record: ConnectionRecord) {
        guard batch.count > 0 else { return }
        lock.locked {
            count += batch.count
            bytes += batch.payloadBytes
            log.append(contentsOf: batch.messages)
            lock.notifyAll()
        }
        batch.count = 0
        batch.payloadBytes = 0
        batch.messages.removeAll(keepingCapacity: true)
    }

    func connectionEnded(_ connection: ServerConnection) {
        let record = connection.record
        if connection.pages != nil { pages?.host.pageEnded(record.number) }
        if !connection.isWeb { onEvent?(.ended(record)) }
        lock.locked {
            connections[record.number] = nil
            gateways.remove(record.number)
            pageNumbers.remove(record.number)
            finished.append(connection)
            if !connection.isWeb { ended.append(record) }
            lock.notifyAll()
        }
    }
}
