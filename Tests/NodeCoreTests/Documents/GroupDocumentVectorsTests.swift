// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

/// The contract's vectors as documents: what the tool hands over, and the settings that go with it.
@Suite struct GroupDocumentVectorsTests {
    @Test func everyInputOfAnUploadBecomesItsMessage() throws {
        var count = 0
        for text in EncodeVectorsTests.vectors {
            let vector = TestJSON.parse(text)
            let format = try #require(vector["format"]?.text)
            let input = try #require(vector["input"])
            let numbers = ["values": 0, "tags": 1, "ecp": 2, "custom": 3]
            guard let number = numbers[format], vector["expect"]?.text != "rejected" else { continue }
            count += 1
            let name = vector["name"]?.text ?? ""
            var members = "\"format\":\(number),\"upload_err\":\(input["upload_err"]?.compact ?? "true")"
            if let tags = input["static_tags"], tags != .null { members += ",\"static_tags\":\(tags.compact)" }
            if let schema = input["schema"] { members += ",\"schema\":\(schema.compact)" }
            let settings = try NodeSettings.parse(json: withURL(members))
            let document = try Array(input.compact.utf8).withUnsafeBytes { bytes in
                try GroupDocument.parse(bytes, ignoring: ["static_tags", "upload_err", "schema"])
            }
            let buffer = ByteBuffer(byteCountMax: 1 << 20)
            let outcome = try document.withGroup { group in
                Result {
                    try EnvelopeEncoder.encode(
                        GroupView.open(group), timestampMilliseconds: document.timestampMilliseconds,
                        options: settings.encoding,
                        names: GroupNames(), key: nil, into: buffer)
                }
            }.get()
            if vector["expect"]?.text == "skipped" {
                #expect(outcome == .skipped, "\(name)")
            } else {
                let text = String(decoding: buffer.bytes, as: UTF8.self)
                #expect(TestJSON.parse(text) == vector["message"], "\(name): \(text)")
            }
        }
        #expect(count == 75)
    }
}
