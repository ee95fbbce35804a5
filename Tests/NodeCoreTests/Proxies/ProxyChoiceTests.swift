// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing
import WebSocketCore

@testable import NodeCore

@Suite struct ProxyChoiceTests {
    private func environment(_ change: (inout ProxyChoice.Environment) -> Void) -> ProxyChoice.Environment {
        var environment = ProxyChoice.Environment()
        change(&environment)
        return environment
    }

    private func host(
        _ setting: ProxySetting, _ environment: ProxyChoice.Environment = .init(), _ exceptions: [String] = [],
        url: String = "wss://plant.example:8443/"
    ) throws -> String? {
        let choice = ProxyChoice(setting, environment, NoProxyList.parse(exceptions).list)
        return try choice.proxy(for: try WebSocketURL.parse(url))?.host
    }

    private let set = ProxySetting.proxy(Proxy(kind: .http, host: "p", port: 3128))

    @Test func theSettingsProxyLeadsToAllButTheExceptions() throws {
        #expect(try host(set) == "p")
        #expect(try host(set, .init(), ["plant.example"]) == nil)
        #expect(try host(set, .init(), ["plant.example:443"]) == "p")
        #expect(try host(.none) == nil)
        // What the environment excepts is said of its own proxies.
        #expect(try host(set, environment { $0.none = "*" }) == "p")
    }

    @Test func ofTheEnvironmentTheSchemesOwnVariableCountsFirst() throws {
        let all = environment {
            $0.http = "http://h:1"
            $0.https = "http://s:1"
            $0.all = "socks5://a:1"
        }
        #expect(try host(.environment, all) == "s")
        #expect(try host(.environment, all, url: "ws://plant.example/") == "h")
        #expect(try host(.environment, environment { $0.all = "socks5://a:1" }) == "a")
        #expect(try host(.environment, environment { $0.http = "http://h:1" }) == nil)
        #expect(try host(.environment) == nil)
    }

    @Test func theEnvironmentsExceptionsCountBesideTheSettings() throws {
        let some = environment {
            $0.https = "http://s:1"
            $0.none = "other.example, .plant.example"
        }
        #expect(try host(.environment, some) == "s")
        #expect(try host(.environment, some, url: "wss://a.plant.example/") == nil)
        #expect(try host(.environment, some, ["plant.example"]) == nil)
    }

    @Test func aSocketOfThisHostIsBehindNobody() throws {
        #expect(try host(set, url: "ws+unix:///run/s.sock:/") == nil)
    }

    @Test func aVariableThatMakesNoSenseIsNamedAndNotShown() {
        for (environment, name) in [
            (environment { $0.https = "ftp://secret:1" }, "https_proxy"),
            (environment { $0.all = "ftp://secret:1" }, "all_proxy"),
        ] {
            do {
                _ = try host(.environment, environment)
                Issue.record("it was taken")
            } catch let ending as Ending {
                #expect(ending.reason == .NEURON_WS_REASON_PROXY)
                #expect(ending.text.hasPrefix("The environment variable \(name) "))
                #expect(!ending.text.contains("secret"))
            } catch { Issue.record("\(error)") }
        }
    }
}
