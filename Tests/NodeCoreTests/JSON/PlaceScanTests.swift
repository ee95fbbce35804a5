// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct PlaceScanTests {
    private func places(_ texts: [String]) throws -> PlaceSet {
        PlaceSet(try texts.map { text in try Array(text.utf8).withUnsafeBytes { try JSONPointer($0) } })
    }

    private func found(_ texts: [String], in document: String, byteCount: Int = 1 << 20) throws -> [String?] {
        let places = try places(texts)
        return Array(document.utf8).withUnsafeBytes { bytes in
            var scan = PlaceScan(places)
            while !scan.step(bytes, byteCount: byteCount) {}
            return texts.indices.map { place in
                scan.value(at: place).map { String(decoding: bytes[$0], as: UTF8.self) }
            }
        }
    }

    @Test func allPlacesAreFoundInOnePassWhateverItsSteps() throws {
        let texts = ["id", "/a", "/a/b", "/a/b/2", "/a/b/10", "/a/c", "/x~1y", "", "/a"].filter { !$0.isEmpty }
        let document = #" {"x/y" : "\"}]", "id":7 ,"a":{"c":null,"b":[0,[1],{"d":"{"},3,4,5,6,7,8,9,true]},"z":[{}]} "#
        let expected = [
            "7", #"{"c":null,"b":[0,[1],{"d":"{"},3,4,5,6,7,8,9,true]}"#, #"[0,[1],{"d":"{"},3,4,5,6,7,8,9,true]"#,
            #"{"d":"{"}"#, "true", "null", #""\"}]""#, #"{"c":null,"b":[0,[1],{"d":"{"},3,4,5,6,7,8,9,true]}"#,
        ]
        for byteCount in [1, 2, 3, 5, 17, 1000] {
            #expect(try found(texts, in: document, byteCount: byteCount) == expected)
        }
    }

    private static let documents: [(name: String, text: String)] = {
        let size = 100_000
        func repeated(_ text: String) -> String { String(repeating: text, count: size / text.utf8.count) }
        return [
            ("one text", #"{"x":""# + repeated("x") + #""}"#),
            ("escapes", #"{"x":""# + repeated(#"\u00e9"#) + #""}"#),
            ("names that are none", "{" + repeated(#""member":1,"#) + #""x":1}"#),
            ("names of one", "{" + repeated(#""member7":1,"#) + #""x":1}"#),
            ("escaped names of one", "{" + repeated(#""\u006dember7":1,"#) + #""x":1}"#),
            ("short names of all", "{" + repeated(#""a":1,"#) + #""x":1}"#),
            ("deep places", repeated(#"{"a":"#)),
            ("deep", #"{"x":"# + repeated("[") + repeated("]") + "}"),
            ("elements", "[" + repeated("1,") + "1]"),
            ("blanks", repeated(" ") + #"{"x":1}"#),
            ("one number", #"{"x":"# + repeated("1") + "}"),
        ]
    }()

    /// Counted in bytes that are read, however many places are looked at.
    @Test(arguments: documents.map { $0.name }, [1, 4, 16, 32])
    func theWorkIsInProportionToTheMessage(name: String, count: Int) throws {
        let text = try #require(Self.documents.first { $0.name == name }).text
        // Among them some that begin alike, and names that are equal but for their ends.
        let places = try places(
            (0..<count).map { $0 % 4 == 3 ? "/a/\($0)" : $0 % 2 == 0 ? "/member7/\($0)" : "member\($0)" })
        Array(text.utf8).withUnsafeBytes { bytes in
            var scan = PlaceScan(places)
            var steps = 0
            var before = 0
            repeat {
                steps += 1
                // And the member at which it ends.
                #expect(scan.workBytes - before <= 5 * 1000 + 700, "a step of \(scan.workBytes - before) bytes")
                before = scan.workBytes
            } while !scan.step(bytes, byteCount: 1000)
            #expect(scan.workBytes <= (5 + 4 * count) * bytes.count)
            #expect(steps >= bytes.count / 1100)
        }
    }

    @Test func whatIsAskedForMayBeLong() throws {
        let long = String(repeating: "n", count: 1024)
        #expect(try found([long], in: "{\"\(long)\":5}") == ["5"])
        let deep = String(repeating: "/", count: 1024)
        let document = String(repeating: #"{"":"#, count: 1024) + "1" + String(repeating: "}", count: 1024)
        #expect(try found([deep, deep + "x"], in: document) == ["1", nil])
    }
}
