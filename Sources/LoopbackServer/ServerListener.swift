// SPDX-License-Identifier: Apache-2.0
import CLinux

/// The listening sockets and the thread that accepts.
final class ServerListener: @unchecked Sendable {
    let port: UInt16
    private let descriptors: [Int32]
    private let waker = ServerWaker()
    private var thread: pthread_t?

    private init(port: UInt16, descriptors: [Int32]) {
        self.port = port
        self.descriptors = descriptors
    }

    deinit {
        for descriptor in descriptors { close(descriptor) }
    }

    /// Binds the loopback addresses that the configuration asks for, all to the same port.
    static func open(_ configuration: ServerConfiguration, port: UInt16) throws(ServerError) -> ServerListener {
        // A free port of one family may be taken in the other: then another one is tried.
        let attempts = port == 0 ? 20 : 1
        var failure = ServerError(message: "neither IPv4 nor IPv6 is asked for")
        for _ in 0..<attempts {
            var bound: [Int32] = []
            var chosen = port
            do throws(ServerError) {
                if configuration.listensOnIPv4 {
                    bound.append(try listen(on: AF_INET, &chosen, configuration.receiveBufferBytes))
                }
                if configuration.listensOnIPv6 {
                    do throws(ServerError) {
                        bound.append(try listen(on: AF_INET6, &chosen, configuration.receiveBufferBytes))
                    } catch {
                        if bound.isEmpty || !error.isLackOfIPv6 { throw error }
                    }
                }
                if !bound.isEmpty { return ServerListener(port: chosen, descriptors: bound) }
            } catch {
                for descriptor in bound { close(descriptor) }
                failure = error
            }
        }
        throw failure
    }

    private static func listen(
        on family: Int32, _ port: inout UInt16, _ receiveBufferBytes: Int32?
    ) throws(ServerError) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(family, kind, 0)
        guard descriptor >= 0 else { throw .system("socket") }
        setOption(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        if let receiveBufferBytes { setOption(descriptor, SOL_SOCKET, SO_RCVBUF, receiveBufferBytes) }
        if family == AF_INET6 { setOption(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
        var address = SocketAddress.loopback(family, port)
        guard address.withPointer({ bind(descriptor, $0, $1) }) == 0,
            CLinux.listen(descriptor, 1024) == 0
        else {
            let error = ServerError.system("port \(port)")
            close(descriptor)
            throw error
        }
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        var actual = SocketAddress()
        actual.withMutablePointer { _ = getsockname(descriptor, $0, &length) }
        port = actual.port
        return descriptor
    }

    private static func setOption(_ descriptor: Int32, _ level: Int32, _ name: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Calls `accepted` with each new connection, non-blocking, and its peer's address, until `stop`.
    func start(_ accepted: @escaping @Sendable (Int32, String) -> Void) {
        thread = ServerThread.start { [self] in
            while true {
                var entries = (descriptors + [waker.descriptor]).map {
                    pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
                }
                _ = poll(&entries, nfds_t(entries.count), -1)
                if entries[descriptors.count].revents != 0 { return }
                for entry in entries where entry.revents != 0 { accept(from: entry.fd, accepted) }
            }
        }
    }

    private func accept(from descriptor: Int32, _ accepted: (Int32, String) -> Void) {
        while true {
            var peer = SocketAddress()
            var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            let flags = Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
            let connection = peer.withMutablePointer { accept4(descriptor, $0, &length, flags) }
            guard connection >= 0 else {
                // Out of descriptors: without a pause poll would come back at once.
                if [EMFILE, ENFILE].contains(__errno_location().pointee) { usleep(20_000) }
                return
            }
            Self.setOption(connection, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
            accepted(connection, peer.description)
        }
    }

    /// Ends the thread and closes the sockets.
    func stop() {
        waker.wake()
        if let thread { pthread_join(thread, nil) }
        thread = nil
    }
}

extension ServerError {
    /// What the last system call said.
    static func system(_ what: String) -> ServerError {
        ServerError(message: "\(what): \(String(cString: strerror(__errno_location().pointee)))")
    }

    fileprivate var isLackOfIPv6: Bool {
        [EAFNOSUPPORT, EADDRNOTAVAIL].contains { message.hasSuffix(String(cString: strerror($0))) }
    }
}

/// An address of either family.
struct SocketAddress {
    private var storage = sockaddr_in6()

    static func loopback(_ family: Int32, _ port: UInt16) -> SocketAddress {
        var address = SocketAddress()
        address.storage.sin6_family = sa_family_t(family)
        // The port stands at the same place in both families.
        address.storage.sin6_port = port.bigEndian
        if family == AF_INET6 {
            address.storage.sin6_addr = in6addr_loopback
        } else {
            // sin_addr lies where sin6_flowinfo does.
            address.storage.sin6_flowinfo = UInt32(0x7F00_0001).bigEndian
        }
        return address
    }

    var port: UInt16 { UInt16(bigEndian: storage.sin6_port) }

    /// "127.0.0.1:8080" or "[::1]:8080"
    var description: String {
        var space = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        var copy = storage
        let isIPv6 = Int32(storage.sin6_family) == AF_INET6
        if isIPv6 {
            inet_ntop(AF_INET6, &copy.sin6_addr, &space, socklen_t(space.count))
        } else {
            inet_ntop(AF_INET, &copy.sin6_flowinfo, &space, socklen_t(space.count))
        }
        let host = space.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        return isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    mutating func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        let isIPv6 = Int32(storage.sin6_family) == AF_INET6
        let length = isIPv6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
        return withMutablePointer { body($0, socklen_t(length)) }
    }

    mutating func withMutablePointer<Result>(_ body: (UnsafeMutablePointer<sockaddr>) -> Result) -> Result {
        withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0) }
        }
    }
}
