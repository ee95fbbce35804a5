// SPDX-License-Identifier: Apache-2.0
import CLinux
import NodeCore
import Testing

@testable import NeuronWS

@Suite struct ResolverTests {
    private final class Client: ResolverClient, @unchecked Sendable {
        let done = Signal()
        var results: [ResolverResult] = []

        func nameResolved(_ result: ResolverResult) {
            results.append(result)
            done.raise()
        }
    }

    private func resolve(_ host: String, _ version: IPVersion = .any) throws -> ResolverResult? {
        let loop = EventLoop()
        try loop.start()
        defer { loop.stopAndJoin() }
        let client = Client()
        loop.perform {
            _ = loop.resolver.resolve(host: host, port: 8080, version: version, loop: loop, client: client)
        }
        #expect(client.done.wait())
        return client.results.first
    }

    @Test func findsLocalhostInBothVersions() throws {
        guard case .addresses(let v4)? = try resolve("localhost", .v4) else {
            Issue.record("no address")
            return
        }
        #expect(v4.map(\.text) == ["127.0.0.1:8080"])
        guard case .addresses(let any)? = try resolve("localhost") else {
            Issue.record("no address")
            return
        }
        #expect(any.contains { $0.text == "127.0.0.1:8080" || $0.text == "[::1]:8080" })
    }

    @Test func tellsWhyANameIsUnknown() throws {
        // RFC 6761 section 6.4: "invalid" never exists.
        guard case .failed(.system(let code, _))? = try resolve("no-such-host.invalid") else {
            Issue.record("found")
            return
        }
        #expect(code < 0)
    }

    /// Answers "quick…" at once, "shared" when `release` comes, and hangs on all other names until then.
    private final class Source: @unchecked Sendable {
        let release = Signal()
        private let lock = Lock()
        private var questions: [String] = []

        var asked: [String] { lock.withLock { questions } }

        func answer(_ question: LookupQuestion) -> ResolverResult {
            lock.withLock { questions.append(question.host) }
            if !question.host.hasPrefix("quick") { _ = release.wait() }
            if question.host.hasPrefix("hangs") { return .failed(.system(code: EAI_AGAIN, errno: 0)) }
            return .addresses([SocketAddress(literal: "192.0.2.1", port: 0)!])
        }
    }

    private func loop(_ source: Source) throws -> EventLoop {
        let loop = EventLoop(resolver: Resolver(source: { source.answer($0) }))
        try loop.start()
        return loop
    }

    private func ask(_ loop: EventLoop, _ host: String, _ client: Client, port: UInt16 = 80) {
        loop.perform {
            _ = loop.resolver.resolve(host: host, port: port, version: .any, loop: loop, client: client)
        }
    }

    @Test func namesThatHangHoldUpNoOther() throws {
        let source = Source()
        let loop = try loop(source)
        let hanging = Client()
        for number in 0..<40 { ask(loop, "hangs\(number)", hanging) }
        let quick = Client()
        ask(loop, "quick", quick)
        #expect(quick.done.wait())
        #expect(hanging.results.isEmpty)
        source.release.raise()
        #expect(hanging.done.wait(for: 40))
        loop.stopAndJoin()
    }

    @Test func whoAsksTheSameNameSharesTheAnswerWithAPortOfItsOwn() throws {
        let source = Source()
        let loop = try loop(source)
        let clients = (0..<50).map { _ in Client() }
        for (number, client) in clients.enumerated() { ask(loop, "shared", client, port: UInt16(number)) }
        source.release.raise()
        for (number, client) in clients.enumerated() {
            #expect(client.done.wait())
            guard case .addresses(let addresses)? = client.results.first else {
                Issue.record("no address")
                continue
            }
            #expect(addresses.map(\.text) == ["192.0.2.1:\(number)"])
        }
        loop.stopAndJoin()
        #expect(source.asked == ["shared"])
    }

    @Test func withAllThreadsHangingTheHostsFileStillAnswersAndOtherNamesAreRefusedAtOnce() throws {
        let source = Source()
        let loop = try loop(source)
        let hanging = Client()
        for number in 0..<LookupTable.lookupsMax { ask(loop, "hangs\(number)", hanging) }
        let refused = Client()
        let known = Client()
        for number in 0..<20 { ask(loop, "late\(number)", refused) }
        ask(loop, "localhost", known)
        #expect(refused.done.wait(for: 20))
        #expect(known.done.wait())
        for result in refused.results {
            guard case .failed(.tooManyLookups(LookupTable.lookupsMax)) = result else {
                Issue.record("not refused: \(result)")
                continue
            }
        }
        if case .addresses(let addresses)? = known.results.first {
            #expect(addresses.contains { $0.text == "127.0.0.1:80" || $0.text == "[::1]:80" })
        } else {
            Issue.record("the hosts file was not asked")
        }
        #expect(hanging.results.isEmpty)
        source.release.raise()
        #expect(hanging.done.wait(for: LookupTable.lookupsMax))
        let after = Client()
        ask(loop, "quick", after)
        #expect(after.done.wait())
        loop.stopAndJoin()
    }

    @Test func aThreadThatHangsOutlivesItsLoopAndBoundsTheNext() throws {
        let source = Source()
        let resolver = Resolver(source: { source.answer($0) })
        let hanging = Client()
        for round in 0..<4 {
            let loop = EventLoop(resolver: resolver)
            try loop.start()
            for number in 0..<16 { ask(loop, "hangs\(round).\(number)", hanging) }
            loop.stopAndJoin()
        }
        let loop = EventLoop(resolver: resolver)
        try loop.start()
        let refused = Client()
        ask(loop, "late", refused)
        #expect(refused.done.wait())
        source.release.raise()
        loop.stopAndJoin()
        #expect(hanging.results.isEmpty)
    }

    @Test func theChildOfAForkBeginsWithoutTheParentsLookups() throws {
        let source = Source()
        let resolver = Resolver(source: { source.answer($0) })
        let loop = EventLoop(resolver: resolver)
        try loop.start()
        let hanging = Client()
        for number in 0..<LookupTable.lookupsMax { ask(loop, "hangs\(number)", hanging) }
        ask(loop, "late", hanging)
        #expect(hanging.done.wait())
        // What the handlers of fork() do; the parent's threads go on here, and find nobody to tell.
        resolver.forkPrepares()
        resolver.forkEnded(inChild: true)
        let quick = Client()
        ask(loop, "quick", quick)
        #expect(quick.done.wait())
        source.release.raise()
        loop.stopAndJoin()
    }

    @Test func aCancelledQueryIsNeverAnswered() throws {
        let loop = EventLoop()
        try loop.start()
        let cancelled = Client()
        let others = Client()
        loop.perform {
            // More than may be in flight: some are cancelled while they wait, some while they run.
            for _ in 0..<40 {
                loop.resolver.resolve(host: "localhost", port: 1, version: .v4, loop: loop, client: cancelled).cancel()
            }
            for _ in 0..<5 {
                _ = loop.resolver.resolve(host: "localhost", port: 1, version: .v4, loop: loop, client: others)
            }
        }
        #expect(others.done.wait(for: 5))
        loop.stopAndJoin()
        #expect(cancelled.results.isEmpty)
        #expect(others.results.count == 5)
    }

    @Test func stoppingTheLoopWithQuestionsInFlightIsHarmless() throws {
        for _ in 0..<20 {
            let loop = EventLoop()
            try loop.start()
            let client = Client()
            loop.perform {
                for _ in 0..<4 {
                    _ = loop.resolver.resolve(host: "localhost", port: 1, version: .any, loop: loop, client: client)
                }
            }
            loop.stopAndJoin()
        }
    }
}
