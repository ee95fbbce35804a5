// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NodeCore

@Suite struct SettingsSecretsTests {
    private func secrets(_ text: String, _ scope: SettingsSecrets.Scope = .settings) throws -> SettingsSecrets {
        try SecretBytes(text).withBytes { try SettingsSecrets($0, scope) }
    }

    private func document(_ text: String, _ scope: SettingsSecrets.Scope = .settings) throws -> String {
        try secrets(text, scope).document.withBytes { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: ["password", "token", "keypass", "key", "cert", "ca"])
    func takesASecretOut(name: String) throws {
        let text = #"{"url":"ws://h","\#(name)":"hunter2 \"x\"","format":1}"#
        let secrets = try secrets(text)
        let shown = try document(text)
        #expect(!shown.contains("hunter2"))
        // Lines and columns stay where they were.
        #expect(shown.utf8.count == text.utf8.count)
        #expect(shown.contains(#""\#(name)":"~00""#))
        let place = SecretBytes("~00")
        #expect(place.withBytes { secrets.secret(for: $0) } == "hunter2 \"x\"")
    }

    @Test(arguments: [
        #"{"params":{"token":"hunter2"}}"#, #"{"headers":{"X-A":"hunter2","X-B":["hunter2"]}}"#,
        #"{"headers":"{\"X-A\":\"hunter2\"}"}"#, #"{"pasword":"hunter2"}"#, #"{"params":{"tokn":[{"a":"hunter2"}]}}"#,
        #"{"url":["ws://h",{"url":"ws://i","token":"hunter2","headers":{"X":["hunter2"]},"pasword":"hunter2"}]}"#,
        #"{"params":{"url":[{"url":"ws://i","password":"hunter2"}]}}"#,
        #"{"t\u006fken":"hunter2"}"#, #"{"token":"hunter2","token":"hunter2"}"#, #"{"token" : "hunter2" "#,
    ])
    func leavesNothingForJansson(text: String) throws {
        #expect(try !document(text).contains("hunter2"))
    }

    @Test(arguments: [
        #"{"url":"ws://h/token","path":"/x","schema":{"token":"${tags}"},"static_tags":{"password":"abc"}}"#,
        #"["token","abc"]"#, #""token""#, "", "{", #"{"token"#, #"{"token":"abc"#, #"{"token":"ab"}"#, "]]]}}}",
    ])
    func leavesTheRestAlone(text: String) throws {
        #expect(try document(text) == text)
    }

    @Test func takesTheMembersOfAnObject() throws {
        #expect(try document(#"{"X-A":"abc","X-B":"def"}"#, .members) == #"{"X-A":"~00","X-B":"~01"}"#)
    }

    @Test func readsSettingsAsBefore() throws {
        let settings = try NodeSettings.parse(
            json: #"{"url":"ws://h","token":"a-b","headers":"{\"X-A\":\"cde\",\"X-B\":\"\"}","key":"~00","cert":"C"}"#)
        #expect(settings.token == "a-b")
        #expect(settings.headers == [NamedText(name: "X-A", text: "cde"), NamedText(name: "X-B", text: "")])
        #expect(settings.privateKey == "~00")
    }

    @Test func survivesDepthAndNumber() throws {
        let deep = String(repeating: "[", count: 100_000)
        #expect(try document(deep) == deep)
        let many = #"{"headers":{"# + (0..<2000).map { "\"h\($0)\":\"value\"" }.joined(separator: ",") + "}}"
        #expect(try document(many).utf8.count == many.utf8.count)
    }
}
