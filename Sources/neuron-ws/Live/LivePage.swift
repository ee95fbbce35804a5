// SPDX-License-Identifier: Apache-2.0
import CLivePage

/// The page, put together of the files in Sources/neuron-ws/Page: styles and scripts stand in its HTML, so that it
/// loads nothing.
enum LivePage {
    enum Piece: Equatable {
        case text([UInt8])
        case token, nonce
    }

    /// What of the HTML stands for something else.
    private enum Mark: String, CaseIterable {
        case token = "{{TOKEN}}"
        case nonce = "{{NONCE}}"
        case style = "<link rel=\"stylesheet\" href=\""
        case script = "<script src=\""
    }

    static func html(token: String, nonce: String) -> [UInt8] {
        pieces.flatMap { piece in
            switch piece {
            case .text(let bytes): bytes
            case .token: Array(token.utf8)
            case .nonce: Array(nonce.utf8)
            }
        }
    }

    private static let pieces = assembled(file("index.html") ?? [], file)

    /// - Parameter file: the contents of a file by its name; one that there is not stays outside.
    static func assembled(_ html: [UInt8], _ file: (String) -> [UInt8]?) -> [Piece] {
        var pieces: [Piece] = []
        var rest = String(decoding: html, as: UTF8.self)
        while true {
            let found = Mark.allCases.compactMap { mark in Text.cut(rest, at: mark.rawValue).map { (mark, $0) } }
            guard let (mark, parts) = found.min(by: { $0.1.before.utf8.count < $1.1.before.utf8.count }) else { break }
            pieces.append(.text(Array(parts.before.utf8)))
            rest = parts.behind
            switch mark {
            case .token: pieces.append(.token)
            case .nonce: pieces.append(.nonce)
            case .style: pieces += inlined("style", until: ">", &rest, file)
            case .script: pieces += inlined("script", until: "</script>", &rest, file)
            }
        }
        return pieces + [.text(Array(rest.utf8))]
    }

    /// - Parameter rest: begins with the file's name.
    private static func inlined(
        _ element: String, until end: String, _ rest: inout String, _ file: (String) -> [UInt8]?
    ) -> [Piece] {
        let name = String(rest.prefix { $0 != "\"" })
        rest = Text.cut(rest, at: end)?.behind ?? ""
        guard let content = file(name) else { return [] }
        return [
            .text(Array("<\(element) nonce=\"".utf8)), .nonce,
            .text(Array("\">\n".utf8) + content + Array("</\(element)>".utf8)),
        ]
    }

    /// A file of the page.
    static func file(_ name: String) -> [UInt8]? {
        guard let file = neuron_ws_page_file(name)?.pointee else { return nil }
        return Array(UnsafeRawBufferPointer(start: file.bytes, count: file.length))
    }
}
