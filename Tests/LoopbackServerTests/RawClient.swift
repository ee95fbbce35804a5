// SPDX-License-Identifier: Apache-2.0
import CLinux
import LoopbackServer

/// A TCP socket that says exactly what it is told.
final class RawClient {
    let descriptor: Int32

    /// The opening handshake of RFC 6455 §1.3.
    static let handshake =
        "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

    /// The answer to it.
    static let accepted =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

    /// "Hello" as a masked text frame (RFC 6455 §5.7).
    static let hello: [UInt8] = [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// - Returns: nil if the connection is refused.
    static func connect(_ port: UInt16, overIPv6: Bool = false) -> RawClient? {
        let family = overIPv6 ? AF_INET6 : AF_INET
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let status: Int32
        if overIPv6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            address.sin6_addr = in6addr_loopback
            status = connect(descriptor, &address)
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
            status = connect(descriptor, &address)
        }
        let client = RawClient(descriptor: descriptor)
        return status == 0 ? client : nil
    }

    /// Connected and through the handshake.
    static func open(_ server: LoopbackWebSocketServer) -> RawClient {
        let client = connect(server.port)!
        client.send(handshake)
        precondition(client.text(accepted.utf8.count) == accepted)
        return client
    }

    private static func connect<Address>(_ descriptor: Int32, _ address: inout Address) -> Int32 {
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                CLinux.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        precondition(CLinux.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
    }

    /// Sends as much as goes without waiting.
    func sendNow(_ bytes: [UInt8]) -> Int {
        max(0, CLinux.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT)))
    }

    /// The next `count` bytes; fewer if the connection ends or says nothing for five seconds.
    func bytes(_ count: Int) -> [UInt8] {
        var result: [UInt8] = []
        while result.count < count {
            var space = [UInt8](repeating: 0, count: count - result.count)
            let received = recv(descriptor, &space, space.count, 0)
            guard received > 0 else { return result }
            result += space[..<received]
        }
        return result
    }

    func text(_ count: Int) -> String { String(decoding: bytes(count), as: UTF8.self) }

    enum Ending { case finished, reset, stillOpen, unexpectedBytes }

    /// How the connection ends, within five seconds.
    func ending() -> Ending {
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, 0)
        if count > 0 { return .unexpectedBytes }
        if count == 0 { return .finished }
        return __errno_location().pointee == ECONNRESET ? .reset : .stillOpen
    }

    /// Whether nothing at all comes for a moment.
    func isQuiet(milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, milliseconds) == 0
    }
}
