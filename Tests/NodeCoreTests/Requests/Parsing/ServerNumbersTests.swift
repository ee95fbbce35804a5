// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NodeCore

@Suite struct ServerNumbersTests {
    @Test func aServerIsItsURLWithoutTheQuery() throws {
        var numbers = ServerNumbers()
        let one = numbers.number(of: try WebSocketURL.parse("ws://plant/data?token=1"))
        #expect(one > 0)
        for same in ["ws://plant/data?token=2", "ws://PLANT:80/data", "ws://plant/data?"] {
            #expect(numbers.number(of: try WebSocketURL.parse(same)) == one, "\(same)")
        }
        var seen = [one]
        for other in ["wss://plant:80/data", "ws://plant:81/data", "ws://other/data", "ws://plant/data2"] {
            let number = numbers.number(of: try WebSocketURL.parse(other))
            #expect(!seen.contains(number), "\(other)")
            seen.append(number)
        }
    }

    /// What lies on disk names it.
    @Test func aNumberIsTheSameInTheNextLife() throws {
        var (now, later) = (ServerNumbers(), ServerNumbers())
        let url = try WebSocketURL.parse("ws+unix:///run/plant.sock:/data")
        #expect(now.number(of: url) == later.number(of: url))
        #expect(later.number(of: try WebSocketURL.parse("ws://127.0.0.1:8080/")) == 0x35E2)
    }

    @Test func noTwoThatAreKnownHaveTheSame() throws {
        var numbers = ServerNumbers()
        var last: [UInt16] = []
        for index in 0..<1000 {
            let number = numbers.number(of: try WebSocketURL.parse("ws://plant/\(index)"))
            #expect(number > 0 && !last.contains(number))
            last = last.suffix(ServerNumbers.countMax - 1) + [number]
        }
    }

    @Test func oneAddressServesSeveralHosts() throws {
        var numbers = ServerNumbers()
        let url = try WebSocketURL.parse("ws://plant/data")
        let all = [nil, SecretBytes("a.plant"), SecretBytes("b.plant")].map {
            numbers.number(of: url, virtualHost: $0)
        }
        #expect(Set(all).count == 3 && numbers.number(of: url, virtualHost: SecretBytes("b.plant")) == all[2])
    }
}
