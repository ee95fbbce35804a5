// SPDX-License-Identifier: Apache-2.0
import LoopbackServer
import Testing
import WebSocketCore

@testable import NeuronWS

@Suite struct TLSContextCacheTests {
    private func settings(_ change: (inout TLSSettings) -> Void = { _ in }) -> TLSSettings {
        var settings = TLSSettings()
        settings.ca = SecretBytes(Plant.authority.certificatePEM)
        change(&settings)
        return settings
    }

    @Test func sharesWhatIsTheSame() throws {
        let cache = TLSContextCache()
        let one = try cache.context(settings())
        let two = try cache.context(settings())
        let other = try cache.context(settings { $0.minimumVersion = .tls13 })
        #expect(one.pointer == two.pointer)
        #expect(one.pointer != other.pointer)
        #expect(cache.count == 2)
        withExtendedLifetime((one, two, other)) {}
    }

    @Test func forgetsWhatNobodyUsesAtOnce() throws {
        let cache = TLSContextCache()
        do {
            let one = try cache.context(settings())
            do {
                let two = try cache.context(settings())
                withExtendedLifetime(two) {}
            }
            #expect(cache.count == 1)
            withExtendedLifetime(one) {}
        }
        #expect(cache.count == 0)
        #expect(throws: TLSConfigurationError.self) { _ = try cache.context(settings { $0.ca = "" }) }
        #expect(cache.count == 0)
    }

    @Test func isUsedByManyThreadsAtOnce() throws {
        let cache = TLSContextCache()
        let failures = Mutable(0)
        let lock = Lock()
        let threads = try (0..<4).map { _ in
            try spawn {
                for round in 0..<50 {
                    let made = try? cache.context(self.settings { $0.allowsCommonName = round % 2 == 0 })
                    if made == nil { lock.withLock { failures.value += 1 } }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(failures.value == 0)
        #expect(cache.count == 0)
    }

    private final class Mutable {
        var value: Int

        init(_ value: Int) { self.value = value }
    }
}
