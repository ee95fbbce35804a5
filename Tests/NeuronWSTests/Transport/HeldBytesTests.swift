// SPDX-License-Identifier: Apache-2.0
import CLinux
import COpenSSL
import LoopbackServer
import Testing

@testable import NeuronWS

/// An owner that takes only part of what it is handed, and comes back for the rest.
@Suite struct HeldBytesTests {
    private static let content = (0..<400_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }

    /// What the owner has taken in the end, and how often it was handed something.
    private func receive(
        _ harness: StreamHarness, _ target: ConnectTarget, tls: TLSContext?, takesAtMost: Int
    ) -> (isWhole: Bool, deliveries: Int) {
        let owner = harness.owner
        owner.takesAtMost = takesAtMost
        let arrived = Signal()
        var deliveries = 0
        owner.onReceived = { _ in
            deliveries += 1
            arrived.raise()
        }
        owner.onClosed = { arrived.raise() }
        harness.connect(target, tls: tls)
        var turns = 0
        var isClosed = false
        // Each time something has come: a turn of its own for the rest.
        while !isClosed, arrived.wait(for: turns + 1) {
            harness.loop.perform {
                // Nothing is read behind what is held: the end comes last.
                if owner.closedCount > 0 { isClosed = true } else { owner.stream?.resume() }
            }
            turns += 1
        }
        // Compared here: a report of where two long arrays differ takes minutes.
        return (owner.received == Self.content, deliveries)
    }

    @Test func theRestComesFirstAndNothingIsLost() throws {
        for takesAtMost in [1000, 65_536, 131_072] {
            let server = try BlockingServer { $0.write(Self.content) }
            let harness = try StreamHarness()
            let (isWhole, deliveries) = receive(
                harness, ConnectTarget(host: "127.0.0.1", port: server.port), tls: nil, takesAtMost: takesAtMost)
            harness.stop()
            server.stop()
            #expect(isWhole)
            #expect(takesAtMost > 1000 || deliveries >= Self.content.count / takesAtMost)
            #expect(harness.owner.closedCount == 1)
            #expect(harness.owner.error == nil)
        }
    }

    @Test func overTLSToo() throws {
        for takesAtMost in [1000, 65_536, 131_072] {
            let certificate = try ServerTLS(Plant.authority.issue(names: ["localhost"]))
            let server = try BlockingServer { connection in
                guard connection.secure(certificate) else { return }
                connection.write(Self.content)
                connection.shutDownTLS()
            }
            let harness = try StreamHarness()
            var target = ConnectTarget(host: "127.0.0.1", port: server.port, isSecure: true)
            target.serverName = "localhost"
            let (isWhole, _) = receive(harness, target, tls: try Plant.client(), takesAtMost: takesAtMost)
            harness.stop()
            server.stop()
            #expect(isWhole)
            #expect(harness.owner.closedCount == 1)
            #expect(harness.owner.error == nil)
        }
    }

    @Test func aPausedStreamReadsNothing() throws {
        let server = try BlockingServer { connection in
            connection.write("one")
            _ = connection.read()
            connection.write("two")
        }
        let harness = try StreamHarness()
        let got = Signal()
        harness.owner.onReceived = { _ in
            harness.owner.stream?.pause()
            got.raise()
        }
        harness.connect(ConnectTarget(host: "127.0.0.1", port: server.port))
        #expect(got.wait())
        harness.loop.perform { _ = harness.owner.stream?.write("go on") }
        // However often the loop comes round.
        for _ in 0..<200 { harness.loop.perform {} }
        #expect(harness.owner.receivedText == "one")
        #expect(harness.owner.closedCount == 0)
        harness.owner.onReceived = { _ in }
        harness.loop.perform { harness.owner.stream?.resume() }
        #expect(harness.owner.closed.wait())
        harness.stop()
        server.stop()
        #expect(harness.owner.receivedText == "onetwo")
    }

    @Test func closingWhileTheRestIsHandedOverIsNoFault() throws {
        let server = try BlockingServer { connection in
            connection.write(Self.content)
            _ = connection.read()
        }
        let harness = try StreamHarness()
        let got = Signal()
        harness.owner.takesAtMost = 10
        harness.owner.onReceived = { _ in got.raise() }
        harness.connect(ConnectTarget(host: "127.0.0.1", port: server.port))
        #expect(got.wait())
        harness.owner.onReceived = { bytes in
            harness.owner.stream?.close()
            #expect(bytes[bytes.count - 1] == bytes[bytes.count - 1])
        }
        harness.loop.perform { harness.owner.stream?.resume() }
        harness.stop()
        server.stop()
        #expect(harness.owner.receivedCount == 20)
        #expect(harness.owner.closedCount == 0)
    }
}
