// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NodeCore

@Suite struct HeaderVariablesTests {
    private func expanded(_ text: String) -> String? {
        let values: [String: SecretBytes] = ["device-id": "press-7", "api-key": "k", "empty": ""]
        return try? HeaderVariables.expand(SecretBytes(text)) { values[$0] }.get()
            .withBytes { String(decoding: $0, as: UTF8.self) }
    }

    @Test func namesBecomeValues() {
        #expect(expanded("${device-id}") == "press-7")
        #expect(expanded("a ${api-key}/${device-id}${empty}!") == "a k/press-7!")
        #expect(expanded("") == "")
        #expect(expanded("${nothing}") == nil)
    }

    @Test func whatIsNotQuiteOneStays() {
        for text in ["$", "${", "${a b}", "${device", "$device-id", "{device-id}", "${A}", "$$", "${Nothing}"] {
            #expect(expanded(text) == text)
        }
        #expect(expanded("$${api-key}") == "$k")
    }

    /// The server would get the name in place of the value.
    @Test(arguments: ["${}", "a ${ } b", "${Token}", "${ device-id }", "${API-KEY}", "${token\t}", "${device -id}"])
    func whatIsMeantForASettingsNameIsRefused(text: String) { #expect(expanded(text) == nil) }

    @Test func aRefusalSaysHowItIsWritten() {
        let text = refusal(#"{"url":"ws://h","token":"abc","headers":{"X":"Bearer ${Token}"}}"#)?.text
        #expect(
            text == "\"headers\" holds the header \"X\", whose value has ${Token}: the name of a setting is written in "
                + "small letters and without blanks, such as ${token}, ${username} or ${device-id}")
        for message in ["at ${Tai}", "${}", "${ timestamp }"] {
            let heartbeat = refusal(#"{"url":"ws://h","heartbeat":{"message":"\#(message)"}}"#)?.text ?? ""
            #expect(heartbeat.contains("what is known is ${timestamp} and ${tai}"), "\(heartbeat)")
        }
        #expect(refusal(#"{"url":"ws://h","heartbeat":{"message":"${timestamp} ${tai} ${a b} ${x} ${"}}"#) == nil)
    }

    /// Somebody has forgotten the brace: the server would get the name in place of the value.
    @Test(arguments: ["${device-id", "a ${token b", "${api-key}${device-id/"])
    func aSettingsNameWithoutItsBraceIsRefused(text: String) { #expect(expanded(text) == nil) }

    @Test func settingsTakeThem() throws {
        let settings = try NodeSettings.parse(
            json: ##"{"url":"ws://h","format":"opengate","device-id":"press-7","api-key":"secret-key","##
                + ##""headers":{"X-Id":"${device-id}/${api-key}","X-Port":"${queue-max-messages} ${format}"}}"##)
        #expect(
            settings.headers == [
                NamedText(name: "X-Id", text: "press-7/secret-key"),
                NamedText(name: "X-Port", text: "262144 opengate"),
            ])
        #expect(
            refusal(#"{"url":"ws://h","headers":{"X":"${device-id}"}}"#)?.text
                == "\"headers\" holds the header \"X\", whose value names ${device-id}: that is no setting that is "
                + "given and has one text, a whole number or a choice, as device-id, token and delivery have; a list, "
                + "a time or a file has no such value")
        // A file's text is not for a header, nor is the URL.
        for name in ["key", "url", "headers", "tls"] {
            #expect(refusal(#"{"url":"ws://h","headers":{"X":"${\#(name)}"}}"#) != nil)
        }
    }
}
