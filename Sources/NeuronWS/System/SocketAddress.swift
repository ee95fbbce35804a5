// SPDX-License-Identifier: Apache-2.0
import CLinux

/// An IPv4 or IPv6 address with its port, or a socket's path in the file system.
struct SocketAddress: @unchecked Sendable {
    private var storage: sockaddr_storage
    private(set) var length: socklen_t

    init() {
        storage = sockaddr_storage()
        length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    }

    /// Nil: longer than any address, which no kernel or resolver returns.
    init?(copying address: UnsafePointer<sockaddr>, length: socklen_t) {
        guard Int(length) <= MemoryLayout<sockaddr_storage>.size else { return nil }
        var storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: UnsafeRawPointer(address), count: Int(length)))
        }
        self.storage = storage
        self.length = length
    }

    /// From text such as `192.168.0.7`, `fe80::1%eth0` or `2001:db8::1`; nil if it is a name. Asks no server.
    init?(literal: String, port: UInt16) {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(literal, nil, &hints, &list) == 0, let first = list else { return nil }
        defer { freeaddrinfo(first) }
        guard let address = first.pointee.ai_addr else { return nil }
        self.init(copying: address, length: first.pointee.ai_addrlen)
        setPort(port)
    }

    /// Nil: it is longer than a path of a socket may be.
    init?(unixPath: String) {
        let path = Array(unixPath.utf8)
        // sun_path lies at offset 2, and a NUL ends it.
        guard !path.isEmpty, path.count <= 107 else { return nil }
        self.init()
        storage.ss_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &storage) { UnsafeMutableRawBufferPointer(rebasing: $0[2...]).copyBytes(from: path) }
        length = socklen_t(2 + path.count + 1)
    }

    /// A socket's path; nil: it is an address of the network. Empty: the socket has none.
    private var unixPath: String? {
        guard family == AF_UNIX else { return nil }
        return withUnsafeBytes(of: storage) { bytes in
            String(decoding: bytes[min(2, Int(length))..<Int(length)].prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    var family: Int32 {
        Int32(storage.ss_family)
    }

    var isIPv6: Bool {
        family == AF_INET6
    }

    /// fe80::/10 without a scope: it means another host on each interface (RFC 4007).
    var isLinkLocalWithoutInterface: Bool {
        guard isIPv6 else { return false }
        return withUnsafeBytes(of: storage) { bytes in
            // sin6_addr lies at offset 8, sin6_scope_id at 24.
            bytes[8] == 0xfe && bytes[9] & 0xc0 == 0x80 && bytes.loadUnaligned(fromByteOffset: 24, as: UInt32.self) == 0
        }
    }

    mutating func setPort(_ port: UInt16) {
        withUnsafeMutableBytes(of: &storage) { bytes in
            // sin_port and sin6_port both lie at offset 2, in network order.
            bytes.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
        }
    }

    /// Host without port, for example `192.168.0.7` or `2001:db8::1`.
    var host: String {
        withSockaddr { address, length in
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(NI_MAXHOST)) { host in
                let status = getnameinfo(
                    address, length, host.baseAddress, socklen_t(host.count), nil, 0, NI_NUMERICHOST)
                guard status == 0, let start = host.baseAddress else { return "?" }
                return String(cString: start)
            }
        }
    }

    var port: UInt16 {
        withUnsafeBytes(of: storage) { UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self)) }
    }

    /// Host and port as in a URL, for example `192.168.0.7:80` or `[2001:db8::1]:443`; or the socket's path.
    var text: String {
        unixPath ?? networkText
    }

    private var networkText: String {
        isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafeBytes(of: storage) { bytes in
            // The storage is as large and as aligned as every sockaddr.
            body(bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), length)
        }
    }

    /// Lets a system call fill the address in.
    mutating func fill(_ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32) -> Int32 {
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = withUnsafeMutableBytes(of: &storage) { bytes in
            body(bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), &length)
        }
        self.length = min(length, socklen_t(MemoryLayout<sockaddr_storage>.size))
        return status
    }
}
