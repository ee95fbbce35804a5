// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct SettingsParserTests {
    /// Keys that numbers of another key would make a problem of.
    private func accepted(_ key: String, _ value: String) -> Bool {
        let others =
            key == "reconnect-min"
            ? ",\"reconnect-max\":86400" : key == "reconnect-max" ? ",\"reconnect-min\":0.01" : ""
        return refusal(withURL("\"\(key)\":\(value)\(others)")) == nil
    }

    @Test func everyNumbersRangeEndsWhereTheTableSays() {
        let edges: [(String, [String], [String])] = [
            ("connect-timeout", ["0.1", "600"], ["0.099", "600.001", "0", "-1"]),
            ("ping-interval", ["0", "0.001", "3600"], ["-0.001", "3600.001", "1e300"]),
            ("ping-timeout", ["0.1", "3600"], ["0", "0.099", "3600.001"]),
            ("user-timeout", ["0", "0.1", "86400"], ["0.001", "0.0001", "86400.001"]),
            ("reconnect-min", ["0.01", "3600"], ["0", "0.009", "3600.001"]),
            ("reconnect-max", ["0.01", "86400"], ["0", "0.009", "86400.001"]),
            ("close-timeout", ["0.1", "600"], ["0", "600.001"]),
            ("max-message-size", ["125", "1073741824"], ["124", "1073741825", "125.0", "-125"]),
            ("max-frame-size", ["125", "1073741824"], ["124", "1073741825"]),
            ("fragment-size", ["0", "125", "1073741824"], ["1", "124", "-1", "1073741825"]),
            ("queue-max-bytes", ["65536", "17179869184"], ["65535", "17179869185", "0"]),
            ("queue-max-messages", ["1", "100000000"], ["0", "100000001"]),
            ("request-timeout", ["1", "3600"], ["0", "0.999", "3600.001"]),
            ("upload_drv_state_interval", ["1", "3600"], ["0", "3601", "1.5"]),
        ]
        for (key, good, bad) in edges {
            for value in good { #expect(accepted(key, value), "\(key) \(value)") }
            for value in bad { #expect(!accepted(key, value), "\(key) \(value)") }
        }
    }

    @Test func everyKeyRefusesAnotherType() {
        for descriptor in SettingsTable.descriptors {
            let key = descriptor.key.rawValue
            let wrong: [String] =
                switch descriptor.kind {
                case .boolean: ["1", "\"true\"", "null", "[]", "{}"]
                case .integer, .seconds: ["\"1\"", "true", "null", "[1]", "{}"]
                case .choice: ["\"nonsense\"", "77", "true", "null", "1.0", "\"\""]
                case .text, .file: ["1", "true", "null", "[]", "{}"]
                case .urls, .texts: ["1", "true", "null", "{\"a\":1}", "[1]"]
                case .heartbeat:
                    [
                        "1", "true", "null", "[]", "{}", #""x""#, #"{"message":""}"#, #"{"message":"m","interval":0}"#,
                        #"{"message":"m","type":"t"}"#, #"{"message":"m","expect":1}"#, #"{"message":"m","other":1}"#,
                        #"{"message":"m","match-value":"v"}"#,
                        #"{"message":"m","match-member":"a","match-value":1e25}"#,
                        #"{"message":"m","match-member":"/~"}"#,
                        #"{"message":"m","expect":false,"match-member":"a"}"#,
                    ]
                case .times: ["1", "true", "null", "[]", "{\"a\":\"1\"}", "{\"a\":-1}", "{\"a\":0.05}", "\"x\""]
                case .pairs: ["1", "true", "null", "[]", "{\"a\":1}", "\"x\""]
                case .staticTags: ["1", "true", "null", "[]", "\"[]\"", "\"{\""]
                case .template: ["\"{\"", "\"${nope}\"", "[\"a${tags}\"]"]
                }
            for value in wrong {
                let url = key == "url" ? "" : "\"url\":\"ws://h\","
                let error = refusal("{\(url)\"\(key)\":\(value)}")
                #expect(error?.key == key, "\(key) \(value)")
                #expect(error?.text.hasPrefix("\"\(key)\"") == true, "\(key) \(value)")
            }
        }
    }

    @Test func aRefusalSaysWhatCameAndWhatIsTaken() {
        #expect(
            refusal(withURL(#""ping-interval":"abc""#))?.text
                == #""ping-interval" is "abc", a text; it takes a number of seconds from 0 to 3600"#)
        #expect(
            refusal(withURL(#""connect-timeout":0.05"#))?.text
                == #""connect-timeout" is 0.05, a real number; it takes a number of seconds from 0.1 to 600"#)
        #expect(
            refusal(withURL(#""fragment-size":1"#))?.text
                == #""fragment-size" is 1, an integer; it takes 0 or an integer from 125 to 1073741824"#)
        #expect(refusal(withURL(#""tcp-nodelay":null"#))?.text == #""tcp-nodelay" is null; it takes true or false"#)
        #expect(
            refusal(withURL(#""ip-version":5"#))?.text
                == #""ip-version" is 5, an integer; it takes one of "any" (0), "4" (4), "6" (6)"#)
        #expect(
            refusal(withURL(#""upload_err":"\#(String(repeating: "x", count: 99))""#))?.text
                == "\"upload_err\" is \"\(String(repeating: "x", count: 63))…, a text; it takes true or false")
    }

    @Test func choicesAreTakenByNameAndNumber() throws {
        #expect(try NodeSettings.parse(json: withURL(#""format":"ECP-format""#)).encoding.format == .ecp)
        #expect(try NodeSettings.parse(json: withURL(#""format":2"#)).encoding.format == .ecp)
        #expect(try NodeSettings.parse(json: withURL(#""tls-min-version":13"#)).requiresTLS13)
        #expect(try NodeSettings.parse(json: withURL(#""tls-min-version":1.3"#)).requiresTLS13)
        #expect(try !NodeSettings.parse(json: withURL(#""tls-min-version":1.2"#)).requiresTLS13)
        #expect(try NodeSettings.parse(json: withURL(#""ip-version":6"#)).ipVersion == 6)
        #expect(try NodeSettings.parse(json: withURL(#""log-level":0"#)).logLevel == 0)
        #expect(try NodeSettings.parse(json: withURL(#""message-type":2"#)).sendsBinary)
    }

    @Test func openGateNeedsIDAndKeyByName() throws {
        #expect(
            refusal(withURL(#""format":5,"api-key":"k""#))?.text
                == #""device-id" is missing; the format "opengate" needs it: the gateway's id on the platform"#)
        #expect(
            refusal(withURL(#""format":"opengate","device-id":"d""#))?.text
                == #""api-key" is missing; the format "opengate" needs it: "#
                + "the key that the platform gave for the gateway")
        #expect(
            refusal(withURL(#""device-id":"d""#))?.text
                == #""api-key" is missing; "device-id" needs it: the key that the platform gave for the gateway"#)
        let both = refusal(withURL(#""format":5,"device-id":"","api-key":"""#))?.text
        #expect(both?.contains(#""device-id" is missing"#) == true && both?.contains(#""api-key" is missing"#) == true)
        #expect(refusal(withURL(#""format":5,"device-id":"..","api-key":"k""#))?.key == "device-id")
        let line = #""format":5,"device-id":"d","api-key":"a\nb""#
        #expect(refusal(withURL(line)) == nil)
        #expect(refusal(withURL(line + #","api-key-in":"header""#))?.text == #""api-key" holds a control character"#)
        let beside = #""device-id":"d","api-key":"k","api-key-in":1,"headers":{"x-apikey":"k"}"#
        #expect(refusal(withURL(beside))?.key == "api-key")
    }

    @Test func objectsAndArraysMayStandInATextForTheForm() throws {
        let settings = try NodeSettings.parse(
            json: withURL(
                #""headers":"{\"A\":\"b\"}","subprotocols":"[\"x\"]","tls-alpn":"","static_tags":"{\"a\":1.1}""#))
        #expect(settings.headers == [NamedText(name: "A", text: "b")])
        #expect(settings.subprotocols == ["x"])
        #expect(settings.tlsALPN.isEmpty)
        #expect(try settings.encoding.staticTags?.text(.values) == #""a":1.1"#)
        #expect(
            refusal(withURL(#""static_tags":"{x""#))?.text.hasPrefix(
                #""static_tags" cannot be used: static_tags is a text that is no JSON: line 1"#)
                == true)
    }

    @Test func anUnknownNameInTheTemplateIsNamed() {
        let text = refusal(withURL(#""format":3,"schema":{"a":"${nope}"}"#))?.text
        #expect(
            text?.hasPrefix(#""schema" cannot be used: ${nope} in schema is unknown; it takes ${timestamp}"#) == true)
    }

    @Test func lengthsAndCountsHaveLimits() {
        let long = String(repeating: "x", count: 16)
        #expect(
            refusal(withURL("\"bind-interface\":\"\(long)\""))?.text
                == "\"bind-interface\" has 16 bytes; it takes at most 15")
        var headers = "\"a0\":\"x\""
        for index in 1...64 { headers += ",\"a\(index)\":\"x\"" }
        #expect(refusal(withURL("\"headers\":{\(headers)}"))?.text == "\"headers\" has 65 members; it takes at most 64")
    }
}
