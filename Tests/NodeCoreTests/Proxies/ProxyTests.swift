// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NodeCore

@Suite struct ProxyTests {
    private func parse(_ text: String, isLenient: Bool = false) -> (proxy: Proxy?, error: String?) {
        switch Proxy.parse(SecretBytes(text), isLenient: isLenient) {
        case .success(let proxy): (proxy, nil)
        case .failure(let error): (nil, error.text)
        }
    }

    @Test(arguments: [
        ("http://proxy:3128", Proxy(kind: .http, host: "proxy", port: 3128)),
        ("HTTP://Proxy.Plant:3128/", Proxy(kind: .http, host: "proxy.plant", port: 3128)),
        ("https://proxy", Proxy(kind: .https, host: "proxy", port: 443)),
        ("http://proxy", Proxy(kind: .http, host: "proxy", port: 80)),
        ("socks5h://proxy", Proxy(kind: .socks5, host: "proxy", port: 1080)),
        ("socks5h://[2001:db8::1]:9050", Proxy(kind: .socks5, host: "2001:db8::1", port: 9050)),
        ("socks5h://[::1]", Proxy(kind: .socks5, host: "::1", port: 1080)),
        ("http://xn--bcher-kva.example:1", Proxy(kind: .http, host: "xn--bcher-kva.example", port: 1)),
        (
            "http://plant:p%40ss%3A%2525@10.0.0.1:8080",
            Proxy(kind: .http, host: "10.0.0.1", port: 8080, username: "plant", password: "p@ss:%25")
        ),
        ("socks5h://a@b@proxy:1", Proxy(kind: .socks5, host: "proxy", port: 1, username: "a@b", password: "")),
        ("http://a:b:c@proxy:1", Proxy(kind: .http, host: "proxy", port: 1, username: "a", password: "b:c")),
    ])
    func reads(text: String, expected: Proxy) {
        #expect(parse(text).proxy == expected)
    }

    @Test(arguments: [
        ("proxy:3128", "is no proxy"), ("ftp://proxy", "is no proxy"), ("socks4://proxy", "SOCKS version 4"),
        ("socks5://proxy", "write socks5h://"), ("http://", "has no host"), ("http://proxy:0", "port"),
        ("http://proxy:99999", "port"), ("http://proxy/path", "has a path"), ("http://proxy?query", "has a query"),
        ("http://user:%zz@proxy", "%25"), ("http://:secret@proxy", "no user before it"),
        ("http://us%0aer:secret@proxy", "control character"), ("http://us%3Aer:secret@proxy", "colon"),
        ("http://[::1:3128", "IPv6"), ("http://pro xy:1", "space"),
    ])
    func refuses(text: String, words: String) {
        let (proxy, error) = parse(text)
        #expect(proxy == nil)
        #expect(error?.contains(words) == true, "\(error ?? "")")
        #expect(error?.contains("secret") == false)
    }

    @Test func theEnvironmentsTextsMayLackAScheme() {
        #expect(parse("proxy:3128", isLenient: true).proxy == Proxy(kind: .http, host: "proxy", port: 3128))
        #expect(parse("socks5://proxy:1", isLenient: true).proxy == Proxy(kind: .socks5, host: "proxy", port: 1))
        #expect(parse("user:pa@proxy:1", isLenient: true).proxy?.username == "user")
        #expect(parse("gopher://proxy:1", isLenient: true).proxy == nil)
    }

    @Test func credentialsForSOCKSAreShort() {
        let long = String(repeating: "x", count: 256)
        #expect(parse("socks5h://u:\(long)@proxy").error?.contains("255 bytes") == true)
        #expect(parse("http://u:\(long)@proxy").proxy != nil)
    }

    @Test func isShownWithoutThem() {
        #expect(parse("http://user:secret@proxy").proxy?.shown == "http://proxy:80")
        #expect(parse("socks5h://u@[::1]").proxy?.shown == "socks5h://[::1]:1080")
    }
}
