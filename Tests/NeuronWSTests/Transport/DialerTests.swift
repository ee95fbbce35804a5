// SPDX-License-Identifier: Apache-2.0
import CLinux
import NodeCore
import Testing

@testable import NeuronWS

@Suite struct DialerTests {
    /// A loop whose resolver knows one name, with these addresses.
    private func harness(_ addresses: [String]) throws -> StreamHarness {
        let found = addresses.map { SocketAddress(literal: $0, port: 0)! }
        return try StreamHarness(EventLoop(resolver: Resolver(source: { _ in .addresses(found) })))
    }

    /// Where a connection to the name leads.
    private func peer(_ addresses: [String], port: UInt16, _ memory: AddressMemory) throws -> String? {
        let harness = try harness(addresses)
        var target = ConnectTarget(host: "plant.example", port: port)
        target.memory = memory
        harness.connect(target)
        #expect(harness.owner.closed.wait())
        harness.stop()
        return harness.owner.facts?.peerAddress
    }

    @Test func beginsBehindTheAddressThatFailed() throws {
        let server = try BlockingServer(address: "0.0.0.0") { $0.write("x") }
        let port = server.port
        let list = ["127.0.0.1", "127.0.0.2"]
        var memory = AddressMemory()
        #expect(try peer(list, port: port, memory) == "127.0.0.1:\(port)")
        memory.ended("127.0.0.1:\(port)", openNanoseconds: nil)
        #expect(try peer(list, port: port, memory) == "127.0.0.2:\(port)")
        memory.ended("127.0.0.2:\(port)", openNanoseconds: nil)
        #expect(try peer(list, port: port, memory) == "127.0.0.1:\(port)")
        server.stop()
    }

    @Test func anAddressThatFailedIsStillTriedWhereNoOtherAnswers() throws {
        let server = try BlockingServer { $0.write("x") }
        let port = server.port
        var memory = AddressMemory()
        memory.ended("127.0.0.1:\(port)", openNanoseconds: nil)
        // The second one refuses.
        #expect(try peer(["127.0.0.1", "127.0.0.2"], port: port, memory) == "127.0.0.1:\(port)")
        server.stop()
    }

    /// A failed address that answers faster than a far one must not win against it for ever.
    @Test func anAddressThatFailedLetsFartherOnesGoFirst() throws {
        // As far away as can be. Its port may be somebody else's at the other address.
        var full = try FullListener(address: "127.0.0.2")
        var server = try? BlockingServer(port: full.port) { $0.write("x") }
        while server == nil {
            full.stop()
            full = try FullListener(address: "127.0.0.2")
            server = try? BlockingServer(port: full.port) { $0.write("x") }
        }
        let list = ["127.0.0.2", "127.0.0.1"]
        func nanoseconds(_ memory: AddressMemory) throws -> UInt64 {
            let start = NeuronWS.Clock.monotonicNanoseconds
            #expect(try peer(list, port: full.port, memory) == "127.0.0.1:\(full.port)")
            return NeuronWS.Clock.monotonicNanoseconds - start
        }
        var memory = AddressMemory()
        #expect(try nanoseconds(memory) >= AddressRace.attemptDelayNanoseconds)
        memory.ended("127.0.0.1:\(full.port)", openNanoseconds: nil)
        #expect(try nanoseconds(memory) >= AddressRace.failedDelayNanoseconds)
        full.stop()
        server?.stop()
    }

    /// Connections to this port of 127.0.0.1 that wait for an answer, by the ports that they come from.
    private func waiting(_ port: UInt16) throws -> [Substring] {
        // Where many tests run a hundred thousand wait for the end of their time. The file tells no size.
        let file = try #require(fopen("/proc/self/net/tcp", "r"))
        defer { fclose(file) }
        var content: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&piece, 1, piece.count, file), count > 0 { content += piece[..<count] }
        return String(decoding: content, as: UTF8.self).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            let isOurs = words.count > 3 && words[3] == "02" && UInt16(words[2].suffix(4), radix: 16) == port
            return isOurs ? words[1].suffix(4) : nil
        }
    }

    /// TCP itself repeats a SYN that was lost later and later.
    @Test func aSilentAddressIsBegunAnewBesideTheFirstAttempt() throws {
        let full = try FullListener()
        // What fills the listener waits as well, or has been taken.
        let fillers = try waiting(full.port)
        let harness = try StreamHarness()
        var target = ConnectTarget(host: "127.0.0.1", port: full.port)
        target.repeatNanoseconds = 20_000_000
        harness.connect(target)
        var seen: [Substring] = []
        while seen.count < 12 {
            let ours = try waiting(full.port).filter { !fillers.contains($0) }
            // The list is not of one moment: one that was given up may stand in it beside its successor.
            #expect(ours.count <= AddressRace.attemptsPerAddressMax + 1)
            for port in ours where !seen.contains(port) { seen.append(port) }
            usleep(1_000)
        }
        while try !waiting(full.port).contains(seen[0]) { usleep(1_000) }
        #expect(harness.owner.closedCount == 0)
        harness.stop()
        full.stop()
        #expect(try waiting(full.port).isEmpty)
    }

    /// All that is under way to an address ends with the first answer; what is under way to others goes on.
    @Test func oneRefusalSpeaksForAllAttemptsToAnAddress() throws {
        let full = try FullListener()
        let fillers = try waiting(full.port)
        let harness = try StreamHarness()
        var target = ConnectTarget(host: "127.0.0.1", port: full.port)
        target.repeatNanoseconds = 20_000_000
        harness.connect(target)
        while try waiting(full.port).filter({ !fillers.contains($0) }).count < 2 { usleep(1_000) }
        // From now on the port refuses.
        full.stop()
        #expect(harness.owner.closed.wait())
        #expect(harness.owner.error?.kind == .connectionRefused)
        #expect(try waiting(full.port).isEmpty)
        harness.stop()
    }
}
