// SPDX-License-Identifier: Apache-2.0
import CLinux

/// Takes a server away for a while, and brings it back, on a thread of its own.
final class ServerPlug: @unchecked Sendable {
    enum Wish { case unplug(milliseconds: Int64), plug }

    private static let idleMilliseconds: Int64 = 3_600_000
    /// The port may have been taken meanwhile.
    private static let retryMilliseconds: Int64 = 500

    private unowned(unsafe) let server: LoopbackWebSocketServer
    private let host: any PageHost
    private let lock = ServerLock()
    // Both are touched under the lock.
    private var wish: Wish?
    private var isOver = false
    private var thread: pthread_t?

    init(server: LoopbackWebSocketServer, host: any PageHost) {
        self.server = server
        self.host = host
    }

    func start() { thread = ServerThread.start { [self] in run() } }

    /// From any thread. The last wish counts.
    func ask(_ new: Wish) {
        lock.locked {
            wish = new
            lock.notifyAll()
        }
    }

    /// Ends the thread; the server stays as it is.
    func stop() {
        lock.locked {
            isOver = true
            lock.notifyAll()
        }
        if let thread { pthread_join(thread, nil) }
        thread = nil
    }

    private func run() {
        var deadline: Int64?
        while true {
            let now = ServerConnection.milliseconds()
            let left = deadline.map { max(0, $0 - now) } ?? Self.idleMilliseconds
            _ = lock.wait(timeoutMilliseconds: Int(left)) { isOver || wish != nil }
            let next = lock.locked {
                defer { wish = nil }
                return (isOver: isOver, wish: wish)
            }
            if next.isOver { return }
            switch next.wish {
            case .unplug(let milliseconds):
                deadline = ServerConnection.milliseconds() + milliseconds
                server.stopListening()
                server.resetGateways()
                // Whoever hears of it can rely on it: what a gateway sends now is lost to its kernel too.
                host.unplugged(milliseconds: milliseconds)
            case .plug: deadline = plug()
            case nil:
                if let due = deadline, ServerConnection.milliseconds() >= due { deadline = plug() }
            }
        }
    }

    /// - Returns: when to try again; nil: it is done.
    private func plug() -> Int64? {
        do throws(ServerError) { try server.startListening() } catch {
            host.unplugged(milliseconds: Self.retryMilliseconds)
            return ServerConnection.milliseconds() + Self.retryMilliseconds
        }
        host.plugged()
        return nil
    }
}
