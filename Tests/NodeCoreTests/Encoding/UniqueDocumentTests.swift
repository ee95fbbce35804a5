// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct UniqueDocumentTests {
    private func written(_ text: String) throws -> String {
        let buffer = ByteBuffer(byteCountMax: 1 << 20)
        var writer = try ByteWriter.open(buffer)
        let bytes = Array(text.utf8)
        let result: Result<Void, EncodingError> = bytes.withUnsafeBytes { raw in
            do throws(EncodingError) { return .success(try UniqueDocument.write(raw, to: &writer)) } catch {
                return .failure(error)
            }
        }
        try result.get()
        try writer.finish()
        return buffer.withBytes { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: [
        (#"{}"#, #"{}"#), (#"[ ]"#, #"[]"#), (#" { "a" : 1 , "a" : 2 } "#, #"{"a":2}"#),
        (#"{"a":1,"b":{"c":1,"c":[2,{"d":1,"d":2}]},"a":"x"}"#, #"{"a":"x","b":{"c":[2,{"d":2}]}}"#),
        (#"[{"a":1,"a":2},{"a":1,"a":3}]"#, #"[{"a":2},{"a":3}]"#),
        (#"{"a":"a","b":"a"}"#, #"{"a":"a","b":"a"}"#), (#"{"a":"}\"\\","a":"{"}"#, #"{"a":"{"}"#),
        (#"{"a":1,"\u0061":2}"#, #"{"a":2}"#), (#"{"a\/":1,"a/":2}"#, #"{"a/":2}"#),
        (#"1.50e3"#, #"1.50e3"#), (#""a\u0061""#, #""a\u0061""#), (#"[1, true ,null,"x"]"#, #"[1,true,null,"x"]"#),
    ])
    func theLastOfANameStandsAtThePlaceOfTheFirst(text: String, expected: String) throws {
        #expect(try written(text) == expected)
    }

    @Test func manyMembersAndDeepOnes() throws {
        let members = (0..<100).map { #""n\#($0)":\#($0)"# }
        #expect(
            try written("{" + (members + [#""n0":"x""#]).joined(separator: ",") + "}")
                == "{" + ([#""n0":"x""#] + members.dropFirst()).joined(separator: ",") + "}")
        let deep = String(repeating: #"{"a":1,"a":"#, count: 50) + "2" + String(repeating: "}", count: 50)
        #expect(try written(deep) == String(repeating: #"{"a":"#, count: 50) + "2" + String(repeating: "}", count: 50))
    }
}
