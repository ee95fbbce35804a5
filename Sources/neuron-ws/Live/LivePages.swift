// SPDX-License-Identifier: Apache-2.0
import CLinux
import LoopbackServer

/// The pages of a server: hears what its gateways do, and carries out what `LiveHub` decides.
final class LivePages: PageHost, @unchecked Sendable {
    /// Handshakes that may be unfinished at a time, plain requests among them.
    private static let handshakesMax = 256

    private let mutex = Mutex()
    // All below is touched under the mutex.
    private var hub = LiveHub()
    private var server: LoopbackWebSocketServer?
    private var authorityPath: String?
    private var token = ""

    /// Gives the server its page, and the gateways' events to the pages too.
    func join(_ configuration: inout ServerConfiguration) {
        let pages = ServerPages(host: self)
        mutex.withLock { token = pages.token }
        configuration.pages = pages
        configuration.handshakesMax = Self.handshakesMax
        let before = configuration.onEvent
        configuration.onEvent = { [self] event in
            before?(event)
            heard(event)
        }
    }

    /// Starts the server; pages that come at once wait until it is known.
    func start(
        authorityPath: String?, _ start: () throws(ServerError) -> LoopbackWebSocketServer
    ) throws(ServerError) -> LoopbackWebSocketServer {
        let result: Result<LoopbackWebSocketServer, ServerError> = mutex.withLock {
            do throws(ServerError) {
                let started = try start()
                server = started
                self.authorityPath = authorityPath
                return .success(started)
            } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// Where a server's page is.
    static func address(of url: String) -> String {
        // "ws…" is "http…" (RFC 6455 §3).
        "http" + url.dropFirst(2) + "/"
    }

    // MARK: What gateways do

    private func heard(_ event: ServerEvent) {
        switch event {
        case .message(let connection, let isText, let bytes):
            let now = Self.now()
            let woken = mutex.withLock { hub.received(connection, isText: isText, bytes, now) }
            if !woken.isEmpty { mutex.withLock { server }?.wakePages(woken) }
        case .opened(let record):
            change { hub, now in
                hub.opened(
                    LiveHub.Connection(
                        number: record.number, address: record.peer, path: record.resource,
                        subprotocol: record.subprotocol, unixMilliseconds: now.unixMilliseconds), now)
            }
        case .ended(let record):
            change { hub, now in
                hub.closed(record.number, code: record.closeCode.map(Int.init), reason: record.closeReason, now)
            }
        case .stalled: break
        }
    }

    /// Tells all pages.
    private func change(_ body: (inout LiveHub, LiveHub.Moment) -> Void) {
        let now = Self.now()
        let woken = mutex.withLock {
            body(&hub, now)
            return hub.pageNumbers
        }
        if !woken.isEmpty { mutex.withLock { server }?.wakePages(woken) }
    }

    private static func now() -> LiveHub.Moment {
        // An age is a difference: it must not change because the system's clock is set.
        LiveHub.Moment(
            unixMilliseconds: Clock.steadyUnixMilliseconds(), milliseconds: Clock.nanoseconds() / 1_000_000)
    }

    // MARK: What pages do

    func html(nonce: String) -> [UInt8] { LivePage.html(token: mutex.withLock { token }, nonce: nonce) }

    func pageOpened(_ page: Int) {
        let now = Self.now()
        mutex.withLock {
            guard let server else { return }
            let settings = JSON.object()
            settings.set("url", server.url + "/")
            if let authorityPath { settings.set("ca", authorityPath) }
            let hello = LiveText.hello(
                version: Library.version, url: server.url + "/", settings: settings.compactText,
                unixMilliseconds: now.unixMilliseconds)
            hub.pageOpened(page, hello: hello, now)
        }
    }

    func pageReceived(_ page: Int, isText: Bool, _ bytes: UnsafeRawBufferPointer) {
        let now = Self.now()
        let request = mutex.withLock { hub.pageReceived(page, isText: isText, bytes, now) }
        guard let server = mutex.withLock({ server }) else { return }
        switch request {
        case .nothing: break
        case .unplug(let seconds): server.unplug(milliseconds: Int64(seconds) * 1000)
        case .plug: server.plugIn()
        case .send(let id, let text, let connections):
            let took = connections.filter { server.send(text, to: $0) }
            mutex.withLock { hub.sent(page, id: id, to: took, of: connections, now) }
        }
    }

    func nextStep(_ page: Int, nowMilliseconds: Int64) -> PageStep {
        mutex.withLock {
            if let closing = hub.closing(of: page) { return .close(code: closing.code, reason: closing.reason) }
            switch hub.nextStep(page, nowMilliseconds: nowMilliseconds) {
            case .send(let text): return .send(text)
            case .wait(let untilMilliseconds): return .wait(untilMilliseconds: untilMilliseconds)
            case .idle: return .idle
            // RFC 6455, IANA's registry: 1013, try again later.
            case .giveUp: return .close(code: 1013, reason: "the page is too slow; load it again")
            }
        }
    }

    func pageEnded(_ page: Int) { mutex.withLock { hub.pageEnded(page) } }

    // MARK: The plug

    func unplugged(milliseconds: Int64) { change { $0.unplugged(milliseconds: milliseconds, $1) } }

    func plugged() { change { $0.plugged($1) } }
}
