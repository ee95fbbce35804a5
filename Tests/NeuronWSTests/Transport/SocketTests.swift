// SPDX-License-Identifier: Apache-2.0
import CLinux
import Testing

@testable import NeuronWS

@Suite struct SocketTests {
    /// A loop's handler that only notes what it hears.
    private final class Listener: LoopHandler, @unchecked Sendable {
        var events: UInt32 = 0
        let heard = Signal()

        func descriptorReady(_ events: UInt32) {
            self.events |= events
            heard.raise()
        }

        func timerFired(_ token: UInt64) {}
    }

    private func connected(to port: UInt16, _ loop: EventLoop) throws -> NeuronWS.Socket {
        let address = try #require(SocketAddress(literal: "127.0.0.1", port: port))
        let descriptor = try Syscalls.streamSocket(family: address.family)
        if try !Syscalls.connect(descriptor, address) {
            var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            #expect(poll(&entry, 1, -1) == 1)
        }
        return NeuronWS.Socket(descriptor, peer: address, loop: loop)
    }

    @Test func countsWhatTheKernelTakesAlsoBehindTheEnd() throws {
        let goOn = Signal()
        let server = try BlockingServer { connection in
            connection.shrinkReceiveBuffer()
            // Megabytes by so small a window take minutes: it reads none of them.
            _ = goOn.wait()
        }
        let loop = EventLoop()
        try loop.start()
        let listener = Listener()
        let socket = try connected(to: server.port, loop)
        #expect(socket.peerAddress == "127.0.0.1:\(server.port)")
        #expect(socket.localAddress.hasPrefix("127.0.0.1:"))
        let bytes = [UInt8](repeating: 1, count: 1 << 20)
        var taken = 0
        loop.perform {
            try? socket.open(listener)
            while !socket.isBlocked {
                guard case .success(let count) = bytes.withUnsafeBytes({ socket.write($0) }) else { break }
                taken += count
            }
            #expect(socket.bytesSent == UInt64(taken))
            // Nothing more before the kernel has room.
            #expect(bytes.withUnsafeBytes { socket.write($0) } == .success(0))
            #expect(socket.failure == nil)
            let waiting = socket.bytesUnacknowledged ?? 0
            #expect(waiting > 0 && socket.sendProgress()?.acknowledged == UInt64(taken - waiting))
            socket.close()
            #expect(socket.bytesUnacknowledged.map { $0 > 0 && $0 <= taken } == true)
            #expect(socket.sendProgress() == nil)
            socket.close()
        }
        goOn.raise()
        loop.stopAndJoin()
        server.stop()
    }

    @Test func isToldWhenThereIsRoomAgain() throws {
        let goOn = Signal()
        let server = try BlockingServer { connection in
            _ = goOn.wait()
            while !connection.read().isEmpty {}
        }
        let loop = EventLoop()
        try loop.start()
        let listener = Listener()
        let socket = try connected(to: server.port, loop)
        let bytes = [UInt8](repeating: 1, count: 1 << 20)
        loop.perform {
            try? socket.open(listener)
            while !socket.isBlocked { _ = bytes.withUnsafeBytes { socket.write($0) } }
        }
        goOn.raise()
        #expect(listener.heard.wait())
        loop.perform {
            #expect(listener.events & EPOLLOUT.rawValue != 0)
            socket.becameWritable()
            guard case .success(let count) = bytes.withUnsafeBytes({ socket.write($0) }) else { return }
            #expect(count > 0)
            socket.shutDown()
            socket.shutDown()
            socket.close()
        }
        loop.stopAndJoin()
        server.stop()
    }
}
