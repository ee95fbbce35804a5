// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import neuron_ws

@Suite struct LivePageTests {
    private func text(_ pieces: [LivePage.Piece]) -> String {
        pieces.map { piece in
            switch piece {
            case .text(let bytes): String(decoding: bytes, as: UTF8.self)
            case .token: "TOKEN"
            case .nonce: "NONCE"
            }
        }.joined()
    }

    @Test func putsStylesAndScriptsIntoTheirPlaces() {
        let html = """
            <meta content="{{TOKEN}}"><link rel="stylesheet" href="a.css"><p>{{NONCE}}</p>
            <script src="Data/b.js" nonce="{{NONCE}}"></script><script src="c.js"></script>
            """
        let files = ["a.css": "p { }", "Data/b.js": "x = '{{TOKEN}}';", "c.js": "y"]
        let pieces = LivePage.assembled(Array(html.utf8)) { name in files[name].map { Array($0.utf8) } }
        #expect(
            text(pieces) == """
                <meta content="TOKEN"><style nonce="NONCE">
                p { }</style><p>NONCE</p>
                <script nonce="NONCE">
                x = '{{TOKEN}}';</script><script nonce="NONCE">
                y</script>
                """)
    }

    @Test func whatIsCutOffDoesNoHarm() {
        let link = "<link rel=\"stylesheet\" href=\"x.css\""
        for html in ["", "<script src=\"", "<script src=\"x.js\" ", link, "{{TOKEN"] {
            _ = LivePage.assembled(Array(html.utf8)) { _ in [0x78] }
        }
    }

    /// The page itself: every file it names is in the binary, and nothing in one ends its element early.
    @Test func thePageIsWhole() throws {
        var wanted: [String] = []
        _ = LivePage.assembled(try #require(LivePage.file("index.html"))) { name in
            wanted.append(name)
            return nil
        }
        #expect(wanted.contains("page.js") && wanted.contains("page.css"))
        for name in wanted {
            let content = String(decoding: try #require(LivePage.file(name), "\(name) is not in page.c"), as: UTF8.self)
            let lower = content.lowercased()
            for end in ["</script", "<!--", "</style"] { #expect(Text.cut(lower, at: end) == nil, "\(name): \(end)") }
        }
        let whole = String(decoding: LivePage.html(token: "0123", nonce: "4567"), as: UTF8.self)
        #expect(Text.cut(whole, at: "content=\"0123\"") != nil)
    }
}
