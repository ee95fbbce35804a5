// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NodeCore

/// Every setting that names a host takes one beyond ASCII.
@Suite struct SettingsHostNameTests {
    private let names = KnownNames()

    private func settings(_ json: String) throws -> NodeSettings { try NodeSettings.parse(json: json, names) }

    private func refusal(_ json: String, _ names: (any HostNames)?) -> String? {
        do throws(SettingsError) {
            _ = try NodeSettings.parse(json: json, names)
            return nil
        } catch { return error.text }
    }

    @Test func urlsAreAskedForInASCIIAndShownAsWritten() throws {
        let url = try settings(#"{"url":"wss://fabrik-münchen.example/p?key=1"}"#)
        #expect(url.urls[0].hostHeader == KnownNames.ascii)
        #expect(url.redactedURLs == ["wss://fabrik-münchen.example/p?key=…"])
        let host = try settings(#"{"host":"Fabrik-München。example","port":81}"#)
        #expect(host.urls[0].hostHeader == KnownNames.ascii + ":81")
        #expect(host.redactedURLs == ["ws://Fabrik-München。example:81/"])
        let several = try settings(
            #"{"url":["ws://a",{"url":"ws://fabrik-münchen.example","token":"t"}]}"#)
        #expect(several.urls[1].host == KnownNames.ascii)
    }

    @Test func anotherWayToWriteAHostNeedsNoNewConnection() throws {
        let written = try settings(#"{"url":"ws://fabrik-münchen.example"}"#)
        #expect(try settings(#"{"url":"ws://\#(KnownNames.ascii)"}"#).connectionEquals(written))
    }

    @Test func openGateKeepsTheHostAsWritten() throws {
        let read = try settings(
            #"{"url":"wss://fabrik-münchen.example/south","format":"opengate","device-id":"d","api-key":"k"}"#)
        #expect(read.urls[0].host == KnownNames.ascii)
        #expect(read.redactedURLs[0].contains("wss://fabrik-münchen.example/south/d"))
    }

    @Test func namesOfCertificatesProxiesAndTheirExceptionsToo() throws {
        let read = try settings(
            #"{"url":"wss://h","tls-server-name":"fabrik-münchen.example","tls-verify-name":"fabrik-münchen.example","#
                + #""proxy":"http://u:p@fabrik-münchen.example:3128"}"#)
        #expect(read.tlsServerName == KnownNames.ascii && read.tlsVerifyName == KnownNames.ascii)
        guard case .proxy(let proxy) = read.proxy else {
            Issue.record("no proxy")
            return
        }
        #expect(proxy.host == KnownNames.ascii && proxy.port == 3128)
        let exceptions = try settings(
            #"{"url":"ws://h","no-proxy":"*.fabrik-münchen.example, Fabrik-München。example"}"#)
        #expect(exceptions.noProxy.contains(host: KnownNames.ascii, port: 80))
        #expect(exceptions.noProxy.contains(host: "a." + KnownNames.ascii, port: 80))
        let below = try settings(#"{"url":"ws://h","no-proxy":".fabrik-münchen.example"}"#)
        #expect(!below.noProxy.contains(host: KnownNames.ascii, port: 80))
        #expect(below.noProxy.contains(host: "a." + KnownNames.ascii, port: 80))
    }

    @Test func theEnvironmentsTextsToo() throws {
        var environment = ProxyChoice.Environment()
        environment.http = SecretBytes("fabrik-münchen.example:3128")
        environment.none = "plant.fabrik-münchen.example,☃"
        let none = NoProxyList.parse([]).list
        let choice = ProxyChoice(.environment, environment, none, names)
        #expect(try choice.proxy(for: WebSocketURL.parse("ws://h"))?.host == KnownNames.ascii)
        let choiceWithout = ProxyChoice(.environment, environment, none)
        let text = "The environment variable http_proxy cannot be used: the URL's host holds characters beyond ASCII"
        do throws(Ending) {
            _ = try choiceWithout.proxy(for: try! WebSocketURL.parse("ws://h"))
            Issue.record("taken")
        } catch { #expect(error.text.hasPrefix(text)) }
    }

    @Test func redirectsLeadThereAndCirclesAreSeen() throws {
        let from = try WebSocketURL.parse("ws://h/")
        let location = ForeignText("http://fabrik-münchen.example/a")
        let target = RedirectTarget.resolve(location, against: from, names)
        #expect(target?.hostHeader == KnownNames.ascii)
        #expect(RedirectTarget.resolve(location, against: from) == nil)
        var redirects = Redirects(countMax: 5, names)
        let there = try WebSocketURL.parse("ws://\(KnownNames.ascii)/a")
        #expect(
            redirects.follow(302, location, from: there, shown: location)
                == .refused(
                    "The server redirects (HTTP status 302) in a circle: it has led to "
                        + "http://fabrik-münchen.example/a before. Its configuration is at fault."))
    }

    @Test(arguments: [
        (#"{"url":"ws://☃.net/"}"#, "\"url\" cannot be used: the URL's host holds a character"),
        (#"{"host":"☃"}"#, "\"host\" cannot be used: the URL's host holds a character"),
        (#"{"url":["ws://h","ws://☃"]}"#, "\"url\" at 1 cannot be used: the URL's host holds a character"),
        (#"{"url":"wss://h","tls-server-name":"☃"}"#, "\"tls-server-name\" holds a character"),
        (#"{"url":"wss://h","tls-verify-name":"☃"}"#, "\"tls-verify-name\" holds a character"),
        (#"{"url":"ws://h","proxy":"http://☃:1"}"#, "\"proxy\" cannot be used: the URL's host holds a character"),
        (#"{"url":"ws://h","no-proxy":"☃"}"#, "\"no-proxy\" holds \"☃\", which holds a character"),
    ])
    func whatIDNARefusesIsRefused(json: String, text: String) throws {
        #expect(refusal(json, names)?.hasPrefix(text) == true, "\(refusal(json, names) ?? "taken")")
        let without = try #require(refusal(json, nil))
        #expect(without.contains("libidn2"), "\(without)")
    }
}
