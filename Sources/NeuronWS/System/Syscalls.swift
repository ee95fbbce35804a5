// SPDX-License-Identifier: Apache-2.0
import CLinux
import NodeCore
import WebSocketCore

/// How a transfer on a non-blocking descriptor went.
enum TransferResult: Equatable {
    /// So many bytes were taken or given; 0 on receiving is the end of the stream.
    case bytes(Int)
    /// Nothing can be done now: wait for the descriptor.
    case wouldBlock
    case failed(SystemError)
}

/// Every system call of the library, under one policy: EINTR is repeated here and seen nowhere else, EAGAIN is a result
/// and not an error, every other errno becomes a `SystemError`. Every descriptor is made with CLOEXEC and NONBLOCK, so
/// that no child of the host inherits it; every send carries MSG_NOSIGNAL, so that no SIGPIPE is ever raised.
enum Syscalls {
    @inline(__always)
    static var errorNumber: Int32 {
        __errno_location().pointee
    }

    /// With what errno a test wants the present call to fail; nil, always, in what is shipped.
    @inline(__always)
    private static var fault: Int32? {
        #if DEBUG
            return SyscallFaults.next()
        #else
            return nil
        #endif
    }

    @inline(__always)
    private static func check(_ call: StaticString, _ body: () -> Int32) throws(SystemError) -> Int32 {
        if let number = fault { throw SystemError(number: number, call: call) }
        while true {
            let result = body()
            if result >= 0 { return result }
            let number = errorNumber
            if number != EINTR { throw SystemError(number: number, call: call) }
        }
    }

    @inline(__always)
    private static func transfer(_ call: StaticString, _ body: () -> Int) -> TransferResult {
        if let number = fault { return .failed(SystemError(number: number, call: call)) }
        while true {
            let result = body()
            if result >= 0 { return .bytes(result) }
            let number = errorNumber
            if number == EAGAIN || number == EWOULDBLOCK { return .wouldBlock }
            if number != EINTR { return .failed(SystemError(number: number, call: call)) }
        }
    }

    /// EINTR is not repeated: on Linux the descriptor is gone even then, and may already belong to another thread.
    static func close(_ descriptor: Int32) {
        _ = CLinux.close(descriptor)
    }

    static func random(_ bytes: UnsafeMutableRawBufferPointer) -> Int {
        if case .bytes(let count) = transfer("getrandom", { getrandom(bytes.baseAddress, bytes.count, 0) }) {
            return count
        }
        return 0
    }
}

// Polling
extension Syscalls {
    static func epollCreate() throws(SystemError) -> Int32 {
        try check("epoll_create1") { epoll_create1(Int32(EPOLL_CLOEXEC)) }
    }

    static func epollControl(
        _ epoll: Int32, _ operation: Int32, _ descriptor: Int32, interest: UInt32, data: UInt64
    ) throws(SystemError) {
        var event = epoll_event()
        event.events = interest
        event.data.u64 = data
        _ = try check("epoll_ctl") { epoll_ctl(epoll, operation, descriptor, &event) }
    }

    /// Waits at most `timeoutMilliseconds` (-1: without limit). An interrupted wait is a wait without events: the
    /// caller computes its timeout anew anyway.
    static func epollWait(
        _ epoll: Int32, _ events: UnsafeMutableBufferPointer<epoll_event>, timeoutMilliseconds: Int32
    ) throws(SystemError) -> Int {
        let count = epoll_wait(epoll, events.baseAddress, Int32(events.count), timeoutMilliseconds)
        if count >= 0 { return Int(count) }
        let number = errorNumber
        if number == EINTR { return 0 }
        throw SystemError(number: number, call: "epoll_wait")
    }

    /// For a thread that has no descriptor to wait at.
    static func pause(milliseconds: Int32) { _ = poll(nil, 0, milliseconds) }

    static func eventDescriptor() throws(SystemError) -> Int32 {
        try check("eventfd") { eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)) }
    }

    /// Wakes whoever polls the descriptor. A full counter (EAGAIN) has woken it already.
    static func raise(_ eventDescriptor: Int32) {
        var one: UInt64 = 1
        _ = transfer("write") { write(eventDescriptor, &one, 8) }
    }

    /// Takes all wakes at once.
    static func clear(_ eventDescriptor: Int32) {
        var count: UInt64 = 0
        _ = transfer("read") { read(eventDescriptor, &count, 8) }
    }
}

// Sockets
extension Syscalls {
    static func streamSocket(family: Int32) throws(SystemError) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        return try check("socket") { socket(family, type, 0) }
    }

    static func bind(_ descriptor: Int32, _ address: SocketAddress) throws(SystemError) {
        _ = try check("bind") { address.withSockaddr { CLinux.bind(descriptor, $0, $1) } }
    }

    /// True: connected at once. False: under way, EPOLLOUT tells the end. An interrupted connect goes on by itself, and
    /// asking again answers EALREADY: so EINTR counts as under way.
    static func connect(_ descriptor: Int32, _ address: SocketAddress) throws(SystemError) -> Bool {
        if let number = fault { throw SystemError(number: number, call: "connect") }
        let status = address.withSockaddr { CLinux.connect(descriptor, $0, $1) }
        if status == 0 { return true }
        let number = errorNumber
        if number == EINPROGRESS || number == EINTR { return false }
        throw SystemError(number: number, call: "connect")
    }

    /// The error of a connect that was under way, 0 if it succeeded.
    static func pendingError(_ descriptor: Int32) -> Int32 {
        var number: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        let status = getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &length)
        return status == 0 ? number : errorNumber
    }

    static func setOption(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) throws(SystemError) {
        var value = value
        _ = try check("setsockopt") {
            setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
        }
    }

    /// Bytes that the kernel was given and the peer has not acknowledged (SIOCOUTQ, which has TIOCOUTQ's number).
    static func unacknowledged(_ descriptor: Int32) -> Int? {
        var count: Int32 = 0
        return neuron_ws_bytes_unsent(descriptor, &count) == 0 ? Int(count) : nil
    }

    /// The kernel's account of a connection (TCP_INFO), as far as it has it. Glibc's declaration ends before what
    /// newer kernels tell.
    static func tcpInformation(_ descriptor: Int32) -> TCPInformation? {
        withUnsafeTemporaryAllocation(byteCount: TCPInformation.bytesMax, alignment: 8) { space in
            var length = socklen_t(space.count)
            guard getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, space.baseAddress, &length) == 0 else {
                return nil
            }
            return TCPInformation(UnsafeRawBufferPointer(rebasing: space[..<min(space.count, Int(length))]))
        }
    }

    static func bindToDevice(_ descriptor: Int32, _ name: String) throws(SystemError) {
        _ = try check("setsockopt") {
            name.withCString { setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, $0, socklen_t(strlen($0))) }
        }
    }

    static func localAddress(_ descriptor: Int32) -> SocketAddress? {
        var address = SocketAddress()
        return address.fill { getsockname(descriptor, $0, $1) } == 0 ? address : nil
    }

    static func peerAddress(_ descriptor: Int32) -> SocketAddress? {
        var address = SocketAddress()
        return address.fill { getpeername(descriptor, $0, $1) } == 0 ? address : nil
    }

    @inline(__always)
    static func send(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> TransferResult {
        transfer("send") { CLinux.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)) }
    }

    @inline(__always)
    static func receive(_ descriptor: Int32, _ bytes: UnsafeMutableRawBufferPointer) -> TransferResult {
        transfer("recv") { recv(descriptor, bytes.baseAddress, bytes.count, 0) }
    }

    /// Tells the peer that nothing more comes. ENOTCONN only says that the peer was faster.
    static func shutdownWriting(_ descriptor: Int32) {
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }
}

// Memory
extension Syscalls {
    /// Whole pages of zeroes, which go back to the system when they are unmapped; nil: there are none.
    static func mapMemory(_ byteCount: Int) -> UnsafeMutableRawPointer? {
        let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        // MAP_FAILED.
        return memory == UnsafeMutableRawPointer(bitPattern: -1) ? nil : memory
    }

    static func unmapMemory(_ memory: UnsafeMutableRawPointer, _ byteCount: Int) {
        _ = munmap(memory, byteCount)
    }
}

// Files
extension Syscalls {
    /// What a path leads to.
    enum FileKind: Equatable { case file, directory, other }

    static func fileKind(_ path: UnsafePointer<CChar>) -> FileKind? {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return nil }
        switch Int32(bitPattern: facts.st_mode) & Int32(S_IFMT) {
        case Int32(S_IFREG): return .file
        case Int32(S_IFDIR): return .directory
        default: return .other
        }
    }

    /// Nil: there is no such file, or it may not be looked up.
    static func fileFacts(_ path: UnsafePointer<CChar>) -> FileStamp.Facts? {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return nil }
        func nanoseconds(_ time: timespec) -> Int64 { Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec) }
        return FileStamp.Facts(
            device: UInt64(facts.st_dev), inode: UInt64(facts.st_ino), bytes: Int64(facts.st_size),
            writtenNanoseconds: nanoseconds(facts.st_mtim), changedNanoseconds: nanoseconds(facts.st_ctim))
    }

    /// Appends to a file that only its owner may read; it is made where there is none. Not through a link that somebody
    /// else may have laid.
    static func append(_ bytes: UnsafeRawBufferPointer, to path: String) throws(SystemError) {
        let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | Int32(O_NOFOLLOW)
        let descriptor = try check("open") { neuron_ws_create(path, flags, 0o600) }
        defer { close(descriptor) }
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            switch transfer("write", { write(descriptor, rest.baseAddress, rest.count) }) {
            case .bytes(let more): done += more
            case .wouldBlock: throw SystemError(number: EAGAIN, call: "write")
            case .failed(let error): throw error
            }
        }
    }

    /// A file's content and its mode. EFBIG: it is longer than `bytesMax`.
    static func readFile(_ path: String, bytesMax: Int) throws(SystemError) -> (content: SecretBytes, mode: UInt32) {
        // NONBLOCK: opening a FIFO by mistake must not wait for its writer.
        let descriptor = try check("open") { neuron_ws_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        defer { close(descriptor) }
        // Of the file that was opened, whatever has its name by now.
        var facts = stat()
        _ = try check("fstat") { fstat(descriptor, &facts) }
        var failure: SystemError?
        // One byte more than it may have: a file that grows meanwhile is noticed.
        let capacity = min(max(64 * 1024, Int(facts.st_size)), bytesMax) + 1
        let content: SecretBytes?
        do throws(OutOfMemory) {
            content = try SecretBytes.make(capacity: capacity, memory: .heap) { room in
                var count = 0
                while count < room.count {
                    let rest = UnsafeMutableRawBufferPointer(rebasing: room[count...])
                    switch transfer("read", { read(descriptor, rest.baseAddress, rest.count) }) {
                    case .bytes(0), .wouldBlock: return count
                    case .bytes(let more): count += more
                    case .failed(let error):
                        failure = error
                        return nil
                    }
                }
                failure = SystemError(number: EFBIG, call: "read")
                return nil
            }
        } catch { throw SystemError(number: ENOMEM, call: "read") }
        guard let content else { throw failure ?? SystemError(number: EIO, call: "read") }
        return (content, UInt32(facts.st_mode))
    }
}
