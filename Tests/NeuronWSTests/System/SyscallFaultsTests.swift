// SPDX-License-Identifier: Apache-2.0
import CLinux
import LoopbackServer
import Testing

@testable import NeuronWS

/// Every system call of a connection's life fails once, with errnos of every kind: the owner hears of an end exactly
/// once or of nothing wrong, and the loop goes on.
@Suite struct SyscallFaultsTests {
    @Test(arguments: [EMFILE, ENOMEM, EIO, ECONNRESET, EINVAL, ENOBUFS])
    func eachCallOfAConnectionFails(number: Int32) throws {
        var failures = 0
        for calls in 0..<200 {
            let server = try BlockingServer { connection in
                connection.write("hello")
                _ = connection.read()
                connection.write("bye")
            }
            let harness = try StreamHarness()
            harness.loop.perform { SyscallFaults.arm(after: calls, number) }
            harness.owner.onReceived = { _ in _ = harness.owner.stream?.write("go on") }
            harness.connect(ConnectTarget(host: "127.0.0.1", port: server.port))
            #expect(harness.owner.closed.wait())
            #expect(harness.owner.closedCount == 1)
            var hasFailed = false
            harness.loop.perform { hasFailed = SyscallFaults.disarm() }
            if hasFailed { failures += 1 }
            #expect(!hasFailed || harness.owner.error != nil || "hellobye".hasPrefix(harness.owner.receivedText))
            harness.stop()
            server.stop()
            // The whole life has fewer calls than that.
            if !hasFailed { break }
        }
        #expect(failures >= 8, "socket, options, connect, epoll, send, recv")
        #expect(failures < 200)
    }

    @Test func aFaultIsTheThreadsAloneAndComesOnce() throws {
        SyscallFaults.arm(after: 1, EMFILE)
        defer { SyscallFaults.disarm() }
        let first = try Syscalls.eventDescriptor()
        Syscalls.close(first)
        #expect(throws: SystemError.self) { try Syscalls.eventDescriptor() }
        let second = try Syscalls.eventDescriptor()
        Syscalls.close(second)
        #expect(SyscallFaults.disarm())
        #expect(!SyscallFaults.disarm())
    }
}
