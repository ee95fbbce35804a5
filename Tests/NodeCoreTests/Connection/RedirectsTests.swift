// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NodeCore

@Suite struct RedirectsTests {
    private func url(_ text: String) -> WebSocketURL { try! WebSocketURL.parse(text) }

    private func verdict(_ from: String, _ location: String, _ status: Int = 302, max: Int = 5) -> Redirects.Verdict {
        var redirects = Redirects(countMax: max)
        return redirects.follow(status, ForeignText(location), from: url(from), shown: ForeignText(location))
    }

    @Test func locationsAreResolvedAsRFC3986Says() {
        let cases = [
            ("ws://a/b/c?d", "/x?y", "ws://a/x?y"), ("ws://a/b/c?d", "x", "ws://a/b/x"),
            ("ws://a/b/c", "?q", "ws://a/b/c?q"),
            ("ws://a/b/c", "../x", "ws://a/x"), ("ws://a/b/", "./", "ws://a/b/"),
            ("ws://a/b", "../../../x/..", "ws://a/"),
            ("ws://a:81/b", "//h/x", "ws://h/x"), ("ws://a/b", "http://h:8080/x", "ws://h:8080/x"),
            ("ws://a/b", "HTTPS://h/", "wss://h/"), ("wss://a/b", "wss://h/x#part", "wss://h/x"),
            ("ws://[fe80::1%25eth0]:81/b", "/x", "ws://[fe80::1%25eth0]:81/x"), ("ws://a/b", "x:y", nil),
            ("ws://a/b", "ws+unix:///run/x", nil), ("ws://a/b", "x-y.z:1", nil),
            ("ws://a/b", "./x+y:z", "ws://a/x+y:z"),
            ("ws://a/b", "ftp://h/", nil), ("ws://a/b", "//user@h/", nil), ("ws://a/b", "/a b", nil),
            ("ws://a/b?q", "", "ws://a/b?q"), ("ws://a/b?q", "#part", "ws://a/b?q"), ("ws://a", "", "ws://a/"),
        ]
        for (from, location, expected) in cases {
            let found = RedirectTarget.resolve(ForeignText(location), against: url(from))
            #expect(found == expected.map(url), "\(from) + \(location)")
        }
    }

    @Test func aPathAtASocketOfTheFileSystemStaysThereAndNothingElseDoes() {
        let at = "ws+unix:///run/s:/a/b?q"
        for (location, resource) in [("/x", "/x"), ("x?y", "/a/x?y"), ("?y", "/a/b?y"), ("", "/a/b?q")] {
            let found = RedirectTarget.resolve(ForeignText(location), against: url(at))
            #expect(found == url("ws+unix:///run/s:" + resource), "\(location)")
        }
        #expect(verdict(at, "/x") == .follow(url("ws+unix:///run/s:/x"), keepsCredentials: true))
        // The Host of a socket is localhost too.
        #expect(verdict(at, "http://localhost/x") == .follow(url("ws://localhost/x"), keepsCredentials: false))
        #expect(verdict(at, "//localhost/x") == .follow(url("ws://localhost/x"), keepsCredentials: false))
        #expect(RedirectTarget.resolve("ws+unix:///run/t:/x", against: url(at)) == nil)
    }

    @Test func onlyRedirectsAreFollowedAndOnlyWhereTheyAreWanted() {
        for status in [301, 302, 303, 307, 308] {
            #expect(verdict("ws://a/", "/x", status) == .follow(url("ws://a/x"), keepsCredentials: true))
        }
        for status in [200, 300, 304, 305, 401, 503] { #expect(verdict("ws://a/", "/x", status) == .notFollowed) }
        #expect(verdict("ws://a/", "/x", max: 0) == .notFollowed)
    }

    @Test func credentialsStayWithTheirServer() {
        func keeps(_ from: String, _ to: String) -> Bool? {
            if case .follow(_, let keeps) = verdict(from, to) { return keeps }
            return nil
        }
        #expect(keeps("ws://a/", "http://a/x") == true)
        #expect(keeps("ws://a/", "https://a/x") == true)
        #expect(keeps("ws://a:8080/", "https://a/x") == false)
        #expect(keeps("ws://a/", "http://a:81/x") == false)
        #expect(keeps("wss://a/", "https://b/x") == false)
        #expect(keeps("wss://a/", "http://a/x") == nil)
    }

    @Test func aLocationWithoutAnAddressLeavesNoHoleInTheSentence() {
        func refusal(_ location: String) -> String {
            if case .refused(let text) = verdict("ws://a/b?key=old", location) { return text }
            return "followed"
        }
        #expect(refusal("").contains("it has led to the same address (its Location is empty) before"), "\(refusal(""))")
        #expect(refusal("?key=old").contains("it has led to the same path with another query before"))
        #expect(!refusal("?key=old").contains("old"))
    }

    @Test func circlesAndLongWaysEnd() {
        var redirects = Redirects(countMax: 2)
        func follow(_ from: String, _ to: String) -> Redirects.Verdict {
            redirects.follow(302, ForeignText(to), from: url(from), shown: ForeignText(to))
        }
        #expect(follow("ws://a/1", "/2") == .follow(url("ws://a/2"), keepsCredentials: true))
        #expect(follow("ws://a/2", "/3") == .follow(url("ws://a/3"), keepsCredentials: true))
        guard case .refused(let circle) = follow("ws://a/3", "/1?key=secret") else {
            Issue.record("followed")
            return
        }
        #expect(circle.contains("once more, to /1, after 2 (setting redirects)"), "\(circle)")
        guard case .refused(let again) = follow("ws://a/3", "/1") else {
            Issue.record("followed")
            return
        }
        #expect(again.contains("in a circle: it has led to /1 before"), "\(again)")
        #expect(redirects.count == 2)
    }
}
