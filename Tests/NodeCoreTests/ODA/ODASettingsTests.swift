// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct ODASettingsTests {
    private func settings(
        _ text: String, _ file: ODASettings.File, _ earlier: String? = nil
    ) -> (json: String, remarks: [String]) {
        var remarks: [String] = []
        let bytes = Array(text.utf8)
        let before = earlier.map { Array($0.utf8) }
        let json: String = bytes.withUnsafeBytes { bytes in
            func made(_ earlier: UnsafeRawBufferPointer?) -> String {
                do throws(ODASettings.Fault) {
                    return try ODASettings.document(bytes, file, earlier: earlier) { remarks.append($0) }
                        .withBytes { String(decoding: $0, as: UTF8.self) }
                } catch { return error.text }
            }
            guard let before else { return made(nil) }
            return before.withUnsafeBytes { made($0) }
        }
        return (json, remarks)
    }

    @Test func theThreeFilesBecomeOneDocument() throws {
        let connector = settings("host=h\nport=9955\npath=/south\nkeepAliveInterval=3\nfoo=bar", .connector)
        #expect(
            connector.json
                == #"{"format":"opengate","host":"h","path":"/south","port":9955,"#
                + #""ping-interval":3,"ping-timeout":1.5}"#)
        #expect(connector.remarks == ["of the connector's file this is not ours: foo"])
        let lines = #"deviceId=d"\u0001"# + "\napiKey=old\napikey=k\nrunner=x.sh"
        let device = settings(lines, .deviceInfo, connector.json)
        #expect(device.json.hasSuffix(#","device-id":"d\"\u0001","api-key":"k"}"#))
        #expect(device.remarks == ["of the device's file this is not ours: runner"])
        let all = settings("reducedOutput=TRUE\na=5\nb;plc=1;60\na;x=3\noperationTimeout=9", .dispatcher, device.json)
        #expect(all.json.hasSuffix(#","reduced":true,"opengate-publish":{"a":3,"b":60}}"#))
        #expect(all.remarks.count == 2 && all.remarks[0].contains("request-timeout"))
        let parsed = try NodeSettings.parse(json: all.json)
        #expect(parsed.pingTimeoutMilliseconds == 1500 && parsed.encoding.format == .openGate)
        #expect(settings("", .dispatcher, " { } ").json == "{ }")
        #expect(settings("", .dispatcher, "[]").json == "the settings so far are no JSON object")
    }

    @Test(arguments: [
        (
            "host=h\ngeneralPath=/p",
            "\"generalPath\" is no key of the agent's, though its example has it: it means \"path\""
        ),
        ("host=h\npath=/p\nport=0", "\"port\" is \"0\"; it takes an integer from 1 to 65535"),
        ("host=h\npath=/p\nport=8\\u000a0", "\"port\" is \"8\\u{a}0\"; it takes an integer from 1 to 65535"),
        (
            "path=/p\nport=",
            "\"host\" is missing; it takes the server's name; \"port\" is \"\"; it takes an integer from 1 to 65535"
        ),
        (
            "host=\npath=",
            "\"host\" is missing; it takes the server's name; "
                + "\"path\" is missing; it takes the path of the platform's sessions, /south/v80/sessions"
        ),
        ("h\0o\0s\0t\0", "the file looks like UTF-16; UTF-8 and ISO 8859-1 are taken"),
    ])
    func whatIsWrongIsNamed(_ text: String, _ expected: String) { #expect(settings(text, .connector).json == expected) }

    /// The example that the agent comes with, not filled in.
    @Test func theExamplesPlaceholdersAreNone() {
        let expected =
            "\"deviceId\" (line 2) is still the example's <…>; it takes what the platform gave for the gateway; "
            + "\"apikey\" (line 3) is still the example's <…>; it takes what the platform gave for the gateway"
        #expect(settings("# login\ndeviceId=<device_id>\napikey = <api-key>", .deviceInfo).json == expected)
        #expect(settings("deviceId=<a\napikey=b>", .deviceInfo).json == #"{"device-id":"<a","api-key":"b>"}"#)
    }

    @Test func whatIsNotTrueIsFalseAndSaidIfItIsNotFalse() {
        for (text, remarks) in [("true", 0), ("False", 0), ("yes", 1), ("1", 1), ("", 1)] {
            let made = settings("reducedOutput=\(text)", .dispatcher)
            #expect(made.json == "{\"reduced\":\(text == "true")}" && made.remarks.count == remarks)
        }
    }

    /// A file has as many faults as lines.
    @Test func theFirstFaultsWillDo() {
        let told = settings((0..<1000).map { "t\($0)=x\n" }.joined(), .dispatcher).json
        #expect(told.contains("\"t31\" (line 32)") && !told.contains("\"t32\"") && told.hasSuffix("; and 968 more"))
    }

    @Test func onlyJSONIsSent() {
        for type in ["CBOR", "MessagePack", "application/cbor"] {
            #expect(settings("eventContentType=\(type)", .dispatcher).json.contains("neither CBOR nor MessagePack"))
        }
        #expect(settings("eventContentType=json", .dispatcher).json == "{}")
        #expect(settings("t=1;2;3", .dispatcher).json.contains("\"t\" (line 1) is no publishing time"))
    }
}
