// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NodeCore

@Suite struct OpenGateAccessTests {
    private func settings(_ url: String, _ id: String, _ key: String, header: Bool = false) throws -> NodeSettings {
        try NodeSettings.parse(
            json: #"{"format":5,"url":"\#(url)","device-id":"\#(id)","api-key":"\#(key)","#
                + #""api-key-in":\#(header ? 1 : 0)}"#)
    }

    private func request(_ settings: NodeSettings) -> String {
        let url = settings.urls[0]
        let request = HandshakeRequest(
            url: url, secretQuery: settings.openGate?.query(for: url), key: [UInt8](repeating: 7, count: 16))
        let text = request.encoded().withBytes { String(decoding: $0, as: UTF8.self) }
        return String(text.prefix { $0 != "\r\n" })
    }

    @Test(arguments: [
        ("ws://h/south", "d", "k", "GET /south/d?X-ApiKey=k HTTP/1.1"),
        ("ws://h/south/", "d", "k", "GET /south/d?X-ApiKey=k HTTP/1.1"),
        ("ws://h", "d", "k", "GET /d?X-ApiKey=k HTTP/1.1"),
        ("ws://h/p?a=b", "d", "k", "GET /p/d?a=b&X-ApiKey=k HTTP/1.1"),
        (
            "ws://h/p", "a/&=+%?ü", "/&=+%? ",
            "GET /p/a%2F%26%3D%2B%25%3F%C3%BC?X-ApiKey=%2F%26%3D%2B%25%3F%20 HTTP/1.1"
        ),
    ])
    func idAndKeyStandInTheRequest(_ url: String, _ id: String, _ key: String, _ line: String) throws {
        #expect(request(try settings(url, id, key)) == line)
    }

    @Test func theKeyIsInNoURLThatIsShown() throws {
        let settings = try settings("ws://h/p?a=b", "d", "secret")
        #expect(settings.redactedURLs == ["ws://h/p/d?a=…&X-ApiKey=…"])
        let header = try self.settings("ws://h/p", "d", "secret", header: true)
        #expect(request(header) == "GET /p/d HTTP/1.1" && header.openGate?.header?.name == "X-ApiKey")
        #expect(header.redactedURLs == ["ws://h/p/d"])
    }

    /// The whole address of a session, pasted: the platform would get two keys.
    @Test(arguments: [
        #""url":"ws://h/p?X-ApiKey=old""#, #""url":["ws://h","ws://g/p?a=b&X-ApiKey="]"#,
        #""host":"h","path":"p?X-ApiKey=old""#,
    ])
    func aKeyInTheURLStandsBesideOurs(_ place: String) {
        #expect(
            refusal("{\"format\":5,\"device-id\":\"d\",\"api-key\":\"k\",\(place)}")?.text
                == "\"api-key\" stands beside X-ApiKey in the URL's query; take it out of the URL")
    }

    @Test func operationsHaveEightySecondsUnlessTheSettingsSayOtherwise() throws {
        #expect(try settings("ws://h", "d", "k").requestTimeoutMilliseconds == 80_000)
        let json = #"{"format":5,"url":"ws://h","device-id":"d","api-key":"k","request-timeout":7}"#
        #expect(try NodeSettings.parse(json: json).requestTimeoutMilliseconds == 7_000)
    }
}
