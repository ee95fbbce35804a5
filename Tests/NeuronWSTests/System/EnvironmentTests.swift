// SPDX-License-Identifier: Apache-2.0
import NodeCore
import Testing
import WebSocketCore

@testable import NeuronWS

/// Which variables say what; the process's own are not touched, because other tests run meanwhile.
@Suite struct EnvironmentTests {
    private func proxies(_ variables: [String: String]) -> ProxyChoice.Environment {
        Environment.proxies { variables[$0].map { SecretBytes($0) } }
    }

    @Test func smallLettersGoBeforeCapitals() {
        let found = proxies([
            "http_proxy": "a", "HTTP_PROXY": "A", "https_proxy": "b", "HTTPS_PROXY": "B", "all_proxy": "c",
            "ALL_PROXY": "C", "no_proxy": "d", "NO_PROXY": "D",
        ])
        #expect(found.http == "a" && found.https == "b" && found.all == "c" && found.none == "d")
    }

    @Test func capitalsCountWhereThereIsNothingElse() {
        let found = proxies(["HTTP_PROXY": "A", "HTTPS_PROXY": "B", "ALL_PROXY": "C", "NO_PROXY": "D"])
        #expect(found.http == "A" && found.https == "B" && found.all == "C" && found.none == "D")
    }

    /// Of a CGI program a client sets it by its header "Proxy".
    @Test func aServersProgramDoesNotBelieveHTTP_PROXY() {
        let found = proxies(["HTTP_PROXY": "A", "REQUEST_METHOD": "GET"])
        #expect(found.http == nil)
        #expect(proxies(["http_proxy": "a", "REQUEST_METHOD": "GET"]).http == "a")
    }

    @Test func nothingIsThere() {
        let found = proxies([:])
        #expect(found.http == nil && found.https == nil && found.all == nil && found.none == nil)
        #expect(Environment.value("NEURON_WS_NO_SUCH_VARIABLE") == nil)
        #expect(Environment.value("PATH")?.isEmpty == false)
    }
}
