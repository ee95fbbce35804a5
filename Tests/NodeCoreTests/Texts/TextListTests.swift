// SPDX-License-Identifier: Apache-2.0
import NodeCore
import Testing

@Suite struct TextListTests {
    private func quoted(_ text: String) -> String {
        var json: [UInt8] = []
        JSONText.appendString(text, to: &json)
        return String(decoding: json, as: UTF8.self)
    }

    private func urls(_ url: String) throws -> [String] {
        let text = quoted(url)
        let settings = try NodeSettings.parse(json: "{\"url\":\(text)}")
        return settings.urls.map { $0.redacted }
    }

    @Test(arguments: [
        ("ws://a/x", ["ws://a/x"]),
        ("ws://a/x ws://b/y", ["ws://a/x", "ws://b/y"]),
        ("  ws://a/x ,\n wss://b/y ,", ["ws://a/x", "wss://b/y"]),
        ("ws://a/x,wss://b/y", ["ws://a/x", "wss://b/y"]),
        ("ws://a/1,2,3", ["ws://a/1,2,3"]),
        ("ws://a/1,2, ws://b/", ["ws://a/1,2", "ws://b/"]),
        (#"["ws://a/x","wss://b/y"]"#, ["ws://a/x", "wss://b/y"]),
        (#" [ "ws://a/x" ] "#, ["ws://a/x"]),
    ])
    func severalURLsStandInOneText(text: String, expected: [String]) throws {
        #expect(try urls(text) == expected)
    }

    @Test(arguments: ["ws://a/x y", "ws://a,b/x ftp://c", #"["ws://a",7]"#, #"["ws://a""#, #"{"url":"ws://a"}"#])
    func whatIsNoURLIsNamed(text: String) {
        #expect(throws: SettingsError.self) { try urls(text) }
    }

    @Test(arguments: ["a, b", "a b", #"["a","b"]"#, "a,b,"])
    func subprotocolsStandInOneText(text: String) throws {
        let json = "{\"url\":\"ws://h\",\"subprotocols\":\(quoted(text))}"
        #expect(try NodeSettings.parse(json: json).subprotocols == ["a", "b"])
    }

    @Test func moreThanTheirNumberIsRefused() {
        let text = String(repeating: "ws://h ", count: 17)
        #expect(throws: SettingsError.self) { try urls(text) }
    }

    @Test func aPathNeedsNoSlash() throws {
        let settings = try NodeSettings.parse(json: #"{"host":"h","path":"x?y=1"}"#)
        #expect(settings.urls.first?.resource == "/x?y=1")
    }
}
