import CLinux
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
        guard case .failed(let code, let text)? = try resolve("no-such-host.invalid") else {
            Issue.record("found")
            return
        }
        #expect(code < 0)
        #expect(!text.isEmpty)
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
