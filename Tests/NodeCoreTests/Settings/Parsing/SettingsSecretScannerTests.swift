// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct SettingsSecretScannerTests {
    private func found(_ text: String, _ scope: SettingsSecrets.Scope = .settings) -> [String] {
        var bytes = Array(text.utf8)
        return bytes.withUnsafeMutableBytes { raw in
            var scanner = SettingsSecretScanner(raw, scope)
            var all: [String] = []
            while let range = scanner.next() { all.append(String(decoding: raw[range], as: UTF8.self)) }
            return all
        }
    }

    @Test func theTableSaysWhatIsSecret() {
        #expect(found(#"{"url":"ws://h","token":"t1","format":"f","password":"p1"}"#) == ["t1", "p1"])
        #expect(found(#"{"params":{"token":"t1"},"x":{"url":"y"}}"#) == ["t1", "y"])
        #expect(found(#"{"headers":{"A":"1","B":["2",{"c":"3"}]}}"#) == ["1", "2", "3"])
        #expect(found(#"{"t\u006fken":"t1","format":"token"}"#) == ["t1"])
    }

    @Test func whatIsNoSettingMayBeOneThatWasMisspelt() {
        #expect(found(#"{"tokn":"t1"}"#) == ["t1"])
        #expect(found(#"{"\#(String(repeating: "u", count: 2000))":"x"}"#) == ["x"])
    }

    @Test func urlsMayBringTheirOwn() {
        #expect(found(#"{"url":["ws://h",{"url":"ws://i","token":"t1"}],"token":"t2"}"#) == ["t1", "t2"])
    }

    @Test func ofAnObjectOfHeadersAllAre() {
        #expect(found(#"{"A":"1","B":"2"}"#, .members) == ["1", "2"])
    }

    @Test func whereItEndsNothingIsFoundBehindIt() {
        let text = Array(#"{"url":[{"token":"t1","x":"\\"}],"params":{"key":"k1"}}"#.utf8)
        for end in 0...text.count {
            let cut = found(String(decoding: text[..<end], as: UTF8.self))
            #expect(cut.count <= 3)
        }
        #expect(found(String(repeating: "[", count: 100_000) + #""a""#) == [])
        #expect(found(#"}}]]"a":{"token":"x"}"#).count <= 1)
    }
}
