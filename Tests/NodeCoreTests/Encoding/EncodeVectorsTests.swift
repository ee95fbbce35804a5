// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

/// The contract's vectors: Tests/Data/encode-vectors.json, where each `input` must become its `message`.
@Suite struct EncodeVectorsTests {
    static let typeNumbers: [String: Int32] = [
        "INT8": 1, "UINT8": 2, "INT16": 3, "UINT16": 4, "INT32": 5, "UINT32": 6, "INT64": 7, "UINT64": 8, "FLOAT": 9,
        "DOUBLE": 10, "BIT": 11, "BOOL": 12, "STRING": 13, "BYTES": 14, "WORD": 16, "DWORD": 17, "LWORD": 18, "PTR": 19,
        "TIME": 20, "DATA_AND_TIME": 21, "ARRAY_CHAR": 22, "ARRAY_INT8": 23, "ARRAY_UINT8": 24, "ARRAY_INT16": 25,
        "ARRAY_UINT16": 26, "ARRAY_INT32": 27, "ARRAY_UINT32": 28, "ARRAY_INT64": 29, "ARRAY_UINT64": 30,
        "ARRAY_FLOAT": 31, "ARRAY_DOUBLE": 32, "ARRAY_BOOL": 33, "ARRAY_STRING": 34, "CUSTOM": 40,
    ]

    /// Each as its text: a leak checker cannot follow the pointers inside of a static indirect enum.
    static let vectors: [String] = {
        let path = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return TestJSON.parse(TestFile.read("/" + path + "/Data/encode-vectors.json")).elements.map(\.compact)
    }()

    @Test func thereAre81() { #expect(Self.vectors.count == 81) }

    @Test(arguments: 0..<81) func inputBecomesItsMessage(_ index: Int) throws {
        let vector = TestJSON.parse(Self.vectors[index])
        let name = try #require(vector["name"]?.text)
        let outcome = try Self.run(vector)
        switch vector["expect"]?.text {
        case "skipped": #expect(outcome == .skipped, "\(name)")
        case "rejected":
            guard case .failed(.invalidTemplate(let text)) = outcome else {
                Issue.record("\(name): \(outcome)")
                return
            }
            #expect(text.contains("${nope}"), "\(name)")
        default:
            guard case .message(let text, _, _) = outcome else {
                Issue.record("\(name): \(outcome)")
                return
            }
            let expected = try #require(vector["message"])
            let got = TestJSON.parse(text)
            #expect(got == expected, "\(name): \(text) is not \(expected.compact)")
            for part in vector["contains"]?.elements ?? [] {
                #expect(text.contains(try #require(part.text)), "\(name)")
            }
            // Compact: no space outside of texts.
            if text.utf8.count != got.compact.utf8.count { #expect(text == got.compact, "\(name)") }
        }
    }

    /// Encodes a vector's input in its format.
    static func run(_ vector: TestJSON) throws -> TestOutcome {
        let input = try #require(vector["input"])
        let uuid = input["uuid"]?.text ?? ""
        let buffer = ByteBuffer(byteCountMax: 1 << 20)
        switch vector["format"]?.text {
        case "read-resp":
            let group = try group(input)
            let result = try withExtendedLifetime(group) {
                try ReadResponse.encode(uuid: uuid, group.pointer, into: buffer)
            }
            #expect(result == .message(values: 0, errors: 0))
        case "write-resp": try WriteResponse.encode(uuid: uuid, error: input["error"]!.integer!, into: buffer)
        case "write-tags-resp":
            let list = try JSONDocument.parse(input["tags"]!.compact, byteCountMax: 1 << 20)
            try WriteTagsResponse.encode(uuid: uuid, tags: list.root, into: buffer)
        case "states":
            let options = try JSONDocument.parse(input.compact, byteCountMax: 1 << 20).root
            let result = try DriverStates.encode(options: options, now: 0, into: buffer)
            if result == .skipped { return .skipped }
        default: return try upload(vector["format"]!.text!, input)
        }
        return .message(buffer.text, values: 0, errors: 0)
    }

    private static func upload(_ format: String, _ input: TestJSON) throws -> TestOutcome {
        let formats: [String: UploadFormat] = ["values": .values, "tags": .tags, "ecp": .ecp, "custom": .custom]
        var staticTags: StaticTags?
        if let tags = input["static_tags"], tags != .null {
            staticTags = try StaticTags.parse(try JSONDocument.parse(tags.compact, byteCountMax: 1 << 20).root)
        }
        var template: CustomTemplate?
        if let schema = input["schema"] {
            do throws(EncodingError) {
                guard let document = try? JSONDocument.parse(schema.compact, byteCountMax: 1 << 20) else {
                    return .skipped
                }
                template = try CustomTemplate.parse(document.root)
            } catch { return .failed(error) }
        }
        return encoded(
            try group(input), formats[format]!, reportsErrors: input["upload_err"]?.isTrue ?? true,
            staticTags: staticTags, template: template)
    }

    static func group(_ input: TestJSON) throws -> TestGroup {
        TestGroup(
            driver: input["node"]!.text!, group: input["group"]!.text!, timestamp: input["timestamp"]?.integer ?? 0,
            try input["tags"]!.elements.map(tag))
    }

    private static func tag(_ json: TestJSON) throws -> TestTag {
        let name = json["name"]!.text!
        guard let typeName = json["type"]?.text else {
            // An error; 0 is NEU_TYPE_ERROR with that value.
            return TestTag(
                name, 15, .integer(json["error"]!.integer!), metas: try (json["metas"]?.elements ?? []).map(tag))
        }
        let type = try #require(typeNumbers[typeName])
        return TestTag(
            name, type, value(json["value"]!, type), precision: UInt8(json["precision"]?.integer ?? 0),
            metas: try (json["metas"]?.elements ?? []).map(tag))
    }

    private static func value(_ json: TestJSON, _ type: Int32) -> TestTag.Value {
        if type == 40 { return .text(Array(json.compact.utf8)) }
        switch json {
        case .null, .object: return .none
        case .boolean(let flag): return .boolean(flag)
        case .array(let elements):
            if type == 13 { return .text(elements.map { UInt8($0.integer!) }) }
            let element: [Int32: Int32] = [31: 9, 32: 10, 34: 13]
            return .array(elements.map { value($0, element[type] ?? 7) })
        case .number(let text), .string(let text):
            switch type {
            case 9: return .float(text == "-inf" ? -.infinity : Float(text)!)
            case 10: return .double(text == "-inf" ? -.infinity : Double(text)!)
            case 13, 19...22: return .text(Array(text.utf8))
            default:
                if text.hasPrefix("0x") { return .unsigned(UInt64(text.dropFirst(2), radix: 16)!) }
                if let number = Int64(text) { return .integer(number) }
                return .unsigned(UInt64(text)!)
            }
        }
    }
}
