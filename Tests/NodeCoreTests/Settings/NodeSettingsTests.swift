// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

/// The error of a document, nil when it is taken.
func refusal(_ json: String) -> SettingsError? {
    do throws(SettingsError) {
        _ = try NodeSettings.parse(json: json)
        return nil
    } catch { return error }
}

/// Settings with a good URL and these further members.
func withURL(_ members: String) -> String { "{\"url\":\"ws://h/\",\(members)}" }

@Suite struct NodeSettingsTests {
    @Test func aURLAloneGivesTheDefaults() throws {
        let settings = try NodeSettings.parse(json: #"{"url":"ws://127.0.0.1:8080/data"}"#)
        #expect(settings.urls.count == 1)
        #expect(settings.urls[0].port == 8080)
        #expect(settings.encoding.format == .values)
        #expect(settings.encoding.reportsErrors)
        #expect(!settings.sendsBinary)
        #expect(settings.encoding.staticTags == nil)
        #expect(settings.encoding.template == nil)
        #expect(settings.username == nil && settings.password == nil && settings.token == nil)
        #expect(settings.headers.isEmpty && settings.subprotocols.isEmpty && settings.tlsALPN.isEmpty)
        #expect(settings.certificateAuthorities == nil && settings.certificate == nil && settings.privateKey == nil)
        #expect(!settings.requiresTLS13)
        #expect(settings.tlsVerify)
        #expect(settings.connectTimeoutMilliseconds == 30_000)
        #expect(settings.pingIntervalMilliseconds == 20_000)
        #expect(settings.pingTimeoutMilliseconds == 10_000)
        #expect(settings.userTimeoutMilliseconds == 0)
        #expect(settings.reconnectMinMilliseconds == 1000)
        #expect(settings.reconnectMaxMilliseconds == 10_000)
        #expect(settings.closeTimeoutMilliseconds == 5_000)
        #expect(settings.messageBytesMax == 16_777_216)
        #expect(settings.frameBytesMax == 16_777_216)
        #expect(settings.fragmentBytes == 0)
        #expect(settings.queueBytesMax == 16_777_216)
        #expect(settings.queueMessagesMax == 262_144)
        #expect(settings.requestTimeoutMilliseconds == 30_000)
        #expect(settings.driverStatesIntervalSeconds == 0)
        #expect(settings.ipVersion == 0)
        #expect(settings.tcpNoDelay)
        #expect(settings.logLevel == 1)
    }

    @Test func paramsAsTheGatewaySendsThemAreTaken() throws {
        let settings = try NodeSettings.parse(json: #"{"params":{"url":"wss://h","format":1,"username":"","ca":""}}"#)
        #expect(settings.urls[0].isSecure)
        #expect(settings.encoding.format == .tags)
        #expect(settings.username == nil)
        #expect(settings.certificateAuthorities == nil)
    }

    /// Each by itself, with its key; those of the rules behind those of the members.
    @Test func allFaultsAreTold() throws {
        var json = #"{"formatt":1,"ping-interval":"often","key":"x","url":"http://h/"}"#
        let faults = try json.withUTF8 { try NodeSettings.inspect(json: UnsafeRawBufferPointer($0)).faults }
        #expect(faults.map(\.key) == ["formatt", "ping-interval", "key", "url"])
        #expect(faults.allSatisfy { $0.text.contains("\"\($0.key)\"") })
    }

    /// A document of 4 MiB holds half a million of them.
    @Test func ofManyFaultsTheRestIsCounted() throws {
        let count = SettingsError.faultsMax + 7
        var json = "{\"url\":\"ws://h/\"" + (0..<count).map { ",\"k\($0)\":1" }.joined() + "}"
        let faults = try json.withUTF8 { try NodeSettings.inspect(json: UnsafeRawBufferPointer($0)).faults }
        #expect(faults.reduce(0) { $0 + $1.number } == count && faults.count == SettingsError.faultsMax + 1)
        let told = SettingsError.told(faults)
        #expect(told.count == SettingsError.faultsMax + 1)
        #expect(told.last == SettingsError(key: "", text: "and 7 more"))
        #expect(!told.contains { $0.text.isEmpty })
        // To look for a likely name takes long: for the first ones only.
        #expect(told.filter { $0.text.contains("did you mean") }.count <= SettingsError.problemsMax)
    }

    @Test func membersBesideParamsAreRefused() {
        #expect(
            refusal(#"{"params":{"url":"ws://h"},"format":1}"#)?.text
                == #""format" stands beside "params"; move it inside"#)
        #expect(refusal(#"{"params":[]}"#)?.text == #""params" is an array; it must be an object"#)
    }

    @Test func everyValueFindsItsPlace() throws {
        let json = """
            {"url":["ws://a","wss://b/x?k=v"],"format":"custom","schema":{"n":"${node}","b":true},"upload_err":false,
            "static_tags":"{\\"site\\":\\"A\\"}","message-type":"binary","username":"u","password":"p",
            "headers":{"X-A":"1"},"subprotocols":["a","b"],"origin":"http://o","user-agent":"ua","ca":"CA","cert":"C",
            "key":"K","keypass":"P","tls-min-version":"1.3","tls-ciphers":"HIGH:!aNULL","tls-server-name":"s.example",
            "tls-verify":false,"tls-alpn":["http/1.1"],"connect-timeout":0.1,"keep-alive-interval":0,"ping-timeout":1.5,
            "user-timeout":0,"reconnect-min":0.01,"reconnect-max":0.01,"close-timeout":600,"max-message-size":125,
            "max-frame-size":1073741824,"fragment-size":125,"queue-max-bytes":65536,"queue-max-messages":1,
            "request-timeout":1.5,"upload_drv_state":true,"upload_drv_state_interval":60,
            "bind-interface":"eth0","source-address":"127.0.0.1","ip-version":"4","tcp-nodelay":false,"log-level":"off"}
            """
        let settings = try NodeSettings.parse(json: json)
        #expect(settings.urls.count == 2)
        #expect(settings.redactedURLs == ["ws://a/", "wss://b/x?k=…"])
        #expect(settings.encoding.format == .custom)
        #expect(settings.encoding.template?.literals.text == #"{"n":"","b":true}"#)
        #expect(!settings.encoding.reportsErrors)
        #expect(try settings.encoding.staticTags?.text(.values) == #""site":"A""#)
        #expect(settings.sendsBinary)
        #expect(settings.username == "u")
        #expect(settings.password == "p")
        #expect(settings.headers == [NamedText(name: "X-A", text: "1")])
        #expect(settings.subprotocols == ["a", "b"])
        #expect(settings.origin == "http://o")
        #expect(settings.userAgent == "ua")
        #expect(settings.certificateAuthorities == "CA")
        #expect(settings.certificate == "C")
        #expect(settings.privateKey == "K")
        #expect(settings.privateKeyPassword == "P")
        #expect(settings.requiresTLS13)
        #expect(settings.tlsCiphers == "HIGH:!aNULL")
        #expect(settings.tlsServerName == "s.example")
        #expect(!settings.tlsVerify)
        #expect(settings.tlsALPN == ["http/1.1"])
        #expect(settings.connectTimeoutMilliseconds == 100)
        #expect(settings.pingIntervalMilliseconds == 0)
        #expect(settings.pingTimeoutMilliseconds == 1_500)
        #expect(settings.userTimeoutMilliseconds == 0)
        #expect(settings.reconnectMinMilliseconds == 10)
        #expect(settings.reconnectMaxMilliseconds == 10)
        #expect(settings.closeTimeoutMilliseconds == 600_000)
        #expect(settings.messageBytesMax == 125)
        #expect(settings.frameBytesMax == 1_073_741_824)
        #expect(settings.fragmentBytes == 125)
        #expect(settings.queueBytesMax == 65_536)
        #expect(settings.queueMessagesMax == 1)
        #expect(settings.requestTimeoutMilliseconds == 1_500)
        #expect(settings.driverStatesIntervalSeconds == 60)
        #expect(settings.bindInterface == "eth0")
        #expect(settings.sourceAddress == "127.0.0.1")
        #expect(settings.ipVersion == 4)
        #expect(!settings.tcpNoDelay)
        #expect(settings.logLevel == 6)
    }

    @Test func theUserTimeoutFollowsFromNothingElse() throws {
        for pings in [#""ping-interval":7,"ping-timeout":2"#, #""ping-interval":0"#] {
            #expect(try NodeSettings.parse(json: withURL(pings)).userTimeoutMilliseconds == 0)
        }
        #expect(try NodeSettings.parse(json: withURL(#""user-timeout":7"#)).userTimeoutMilliseconds == 7_000)
    }

    @Test func whatIsNoJSONIsRefusedWithLineAndColumn() {
        #expect(
            refusal("{")?.text == "the settings are not JSON: line 1, column 1: string or '}' expected near end of file"
        )
        #expect(refusal("")?.text == "the settings are not JSON: the document is empty")
        #expect(refusal("[]")?.text == "the settings are an array; they must be an object")
        #expect(refusal("3")?.key == "")
        let large = String(repeating: " ", count: 4 << 20) + "{}"
        #expect(
            refusal(large)?.text
                == "the settings are not JSON: the document has more than 4194304 bytes, which are the most")
    }

    @Test func anErrorOfTheParserShowsNoWordOfTheDocument() throws {
        let error = try #require(refusal(#"{"password":"hunter2" oops"#))
        #expect(!error.text.contains("hunter2"))
        #expect(!error.text.contains("oops"))
        #expect(error.text.hasPrefix("the settings are not JSON: line 1, column "))
    }

    @Test func aKeyGivenTwiceIsRefused() throws {
        let error = try #require(refusal(#"{"url":"ws://h","format":1,"format":2}"#))
        #expect(error.text.contains("duplicate object key near '\"format\"'"))
        #expect(
            refusal(withURL(#""ping-interval":1,"keep-alive-interval":2"#))?.text
                == #""ping-interval" is set twice, once as "keep-alive-interval"; give it once"#)
    }

    @Test func unknownKeysAreNamedWithTheNearestKnownOne() {
        #expect(
            refusal(withURL(#""ping-intervall":20"#))?.text
                == #""ping-intervall" (an integer) is no setting; did you mean "ping-interval"?"#)
        #expect(
            refusal(withURL(#""pasword":"hunter2""#))?.text
                == #""pasword" (a text) is no setting; did you mean "password"?"#)
        #expect(
            refusal(withURL(#""static-tags":{}"#))?.text
                == #""static-tags" (an object) is no setting; did you mean "static_tags"?"#)
        #expect(refusal(withURL(#""xyzzy":null"#))?.text == #""xyzzy" (null) is no setting"#)
        #expect(refusal(withURL(#""x":1"#))?.text == #""x" (an integer) is no setting"#)
    }

    @Test func allProblemsAreToldUpToEight() throws {
        let error = try #require(refusal(#"{"url":"ws://h","format":9,"upload_err":1,"x":2}"#))
        #expect(error.key == "format")
        #expect(
            error.text == """
                "format" is 9, an integer; it takes one of "values-format" (0), "tags-format" (1), "ECP-format" (2), \
                "custom" (3), "opengate" (5); "upload_err" is 1, an integer; it takes true or false; \
                "x" (an integer) is no setting
                """)
        var many = "{\"url\":\"ws://h\""
        for index in 0..<11 { many += ",\"zz\(index)zz\":0" }
        #expect(refusal(many + "}")?.text.hasSuffix("; and 3 more") == true)
    }

    @Test func secretsStandInNoText() {
        let secrets = [
            #""password":{"a":"hunter2"}"#, #""token":["hunter2"]"#, #""token":"hunter2 x""#,
            #""headers":{"A":"hunter2\n"}"#, #""headers":"hunter2""#, #""key":["hunter2"]"#, #""keypass":"hunter2""#,
            #""username":"u","token":"hunter2""#,
        ]
        for secret in secrets {
            let error = refusal(withURL(secret))
            #expect(error != nil, "\(secret)")
            #expect(error?.text.contains("hunter2") == false, "\(secret)")
        }
        #expect(refusal(#"{"url":"ws://user:hunter2@h/"}"#)?.text.contains("hunter2") == false)
        #expect(refusal(#"{"url":{"a":"hunter2"}}"#)?.text.contains("hunter2") == false)
    }

    @Test func onlyKeysOfTheConnectionNeedANewOne() throws {
        let base = try NodeSettings.parse(json: #"{"url":"ws://h:80/","log-level":"info"}"#)
        let same = [
            #"{"url":"ws://h/"}"#, #"{"host":"h"}"#, #"{"url":"ws://h","log-level":"debug","format":1}"#,
            #"{"url":"ws://h","static_tags":{"a":1},"upload_err":false,"queue-max-bytes":65536}"#,
            #"{"url":"ws://h","user-timeout":31}"#, #"{"url":"ws://h","tls-verify":true}"#,
        ]
        for json in same { #expect(try NodeSettings.parse(json: json).connectionEquals(base), "\(json)") }
        let other = [
            #"{"url":"ws://h/x"}"#, #"{"url":["ws://h","ws://i"]}"#, #"{"url":"ws://h","token":"t"}"#,
            #"{"url":"ws://h","headers":{"A":"b"}}"#, #"{"url":"ws://h","tls-verify":false}"#,
            #"{"url":"ws://h","ca":"x"}"#,
            #"{"url":"ws://h","max-message-size":125}"#,
        ]
        for json in other { #expect(try !NodeSettings.parse(json: json).connectionEquals(base), "\(json)") }
    }

    @Test func compressionIsOffUnlessAskedFor() throws {
        #expect(try NodeSettings.parse(json: #"{"url":"ws://h","window-bits":9}"#).compression == nil)
        let on = try NodeSettings.parse(json: #"{"url":"ws://h","compression":"on"}"#)
        #expect(
            on.compression
                == CompressionOptions(windowBits: 15, memoryLevel: 5, contextTakeover: true, thresholdBytes: 64))
        let all = try NodeSettings.parse(
            json: #"{"url":"ws://h","compression":1,"window-bits":9,"memory-level":1,"context-takeover":false,"#
                + #""compress-threshold":0}"#)
        #expect(
            all.compression
                == CompressionOptions(windowBits: 9, memoryLevel: 1, contextTakeover: false, thresholdBytes: 0))
        // zlib cannot deflate with 256 bytes.
        #expect(
            refusal(withURL(#""window-bits":8"#))?.text
                == #""window-bits" is 8, an integer; it takes an integer from 9 to 15"#)
        #expect(
            refusal(withURL(#""compression":"always""#))?.text.contains(#"it takes one of "off" (0), "on" (1)"#) == true
        )
        let other = try NodeSettings.parse(json: #"{"url":"ws://h","compression":"on","compress-threshold":1}"#)
        #expect(other.connectionEquals(on))
        #expect(!all.connectionEquals(on))
    }

    @Test func oneBoundOfTheReconnectingMovesTheOthersDefault() throws {
        let url = #""url":"ws://h/""#
        let slow = try NodeSettings.parse(json: "{\(url),\"reconnect-min\":30}")
        #expect(slow.reconnectMinMilliseconds == 30_000 && slow.reconnectMaxMilliseconds == 30_000)
        let quick = try NodeSettings.parse(json: "{\(url),\"reconnect-max\":0.5}")
        #expect(quick.reconnectMinMilliseconds == 500 && quick.reconnectMaxMilliseconds == 500)
    }
}
