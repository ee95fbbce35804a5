// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NeuronWS

@Suite struct AttemptTests {
    private func url(_ text: String) throws -> WebSocketURL { try WebSocketURL.parse(text) }

    @Test func headerNamesDoNotMindCase() {
        let attempt = Attempt(urlIndex: 0)
        attempt.headers = [("X-Site", "1"), ("Gone", nil)]
        #expect(attempt.replaces("x-site"))
        #expect(attempt.replaces("GONE"))
        #expect(!attempt.replaces("X-Sit"))
        #expect(!Attempt.isSame("a", "ab"))
    }

    @Test func aRedirectToAnotherHostTakesNoSecretsAlong() throws {
        let attempt = Attempt(urlIndex: 1, redirectsMax: 2)
        attempt.headers = [("X-Site", "1")]
        attempt.token = "secret"
        attempt.redirected(to: try url("ws://other/"), keepsCredentials: false)
        #expect(attempt.url?.host == "other")
        #expect(attempt.headers.isEmpty)
        #expect(attempt.token == nil)
        #expect(attempt.dropsCredentials)
    }

    @Test func aRedirectWithinAHostKeepsThem() throws {
        let attempt = Attempt(urlIndex: 1, redirectsMax: 2)
        attempt.headers = [("X-Site", "1")]
        attempt.token = "secret"
        attempt.redirected(to: try url("ws://same/there"), keepsCredentials: true)
        #expect(attempt.headers.count == 1)
        #expect(attempt.token == "secret")
        #expect(!attempt.dropsCredentials)
    }
}
