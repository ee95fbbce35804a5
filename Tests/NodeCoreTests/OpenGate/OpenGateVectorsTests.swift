// SPDX-License-Identifier: Apache-2.0
import CJansson
import Testing

@testable import NodeCore

/// Tests/Data/opengate-vectors.json, ours, with the contract's own documents among them: what a group is uploaded as,
/// and what a host's answer to an operation becomes.
@Suite struct OpenGateVectorsTests {
    /// Each as its text: a leak checker cannot follow the pointers inside of a static indirect enum.
    private static func vectors(_ kind: String) -> [String] {
        let path = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let file = TestJSON.parse(TestFile.read("/" + path + "/Data/opengate-vectors.json"))
        return (file[kind]?.elements ?? []).map(\.compact)
    }

    static let uploads = vectors("uploads")
    static let operations = vectors("operations")

    @Test func thereAre22UploadsAnd29Operations() {
        #expect(Self.uploads.count == 22 && Self.operations.count == 29)
        let names = (Self.uploads + Self.operations).compactMap { TestJSON.parse($0)["name"]?.text }
        #expect(names.filter { $0.hasPrefix("contract/") }.count == 6)
    }

    private func identity(_ vector: TestJSON) -> OpenGateIdentity {
        OpenGateIdentity(
            deviceID: vector["device_id"]?.text ?? "gateway1", isReduced: vector["reduced"]?.isTrue ?? false)
    }

    private func statics(_ vector: TestJSON) throws -> StaticTags? {
        guard let tags = vector["static_tags"], tags != .null else { return nil }
        return try StaticTags.parse(JSONDocument.parse(tags.compact, byteCountMax: 1 << 20).root)
    }

    @Test(arguments: 0..<22) func aGroupBecomesItsUpload(_ index: Int) throws {
        let vector = TestJSON.parse(Self.uploads[index])
        let name = try #require(vector["name"]?.text)
        let outcome = encoded(
            try EncodeVectorsTests.group(try #require(vector["input"])), .openGate,
            reportsErrors: vector["upload_err"]?.isTrue ?? true, staticTags: try statics(vector),
            openGate: identity(vector))
        let message = try #require(vector["message"])
        if message == .null {
            #expect(outcome == .skipped, "\(name)")
            return
        }
        guard case .message(let text, _, _) = outcome else {
            Issue.record("\(name): \(outcome)")
            return
        }
        #expect(TestJSON.parse(text).compact == message.compact, "\(name): \(text)")
    }

    /// The vectors themselves: what jansson would have built of the same group.
    @Test(arguments: 0..<22) func janssonBuildsTheSame(_ index: Int) throws {
        let vector = TestJSON.parse(Self.uploads[index])
        let input = try #require(vector["input"])
        let message = try #require(vector["message"])
        if message == .null { return }
        let tree = OpenGateTree(
            identity: identity(vector), reportsErrors: vector["upload_err"]?.isTrue ?? true,
            device: try #require(input["node"]?.text), group: try #require(input["group"]?.text),
            timestamp: try #require(input["timestamp"]?.integer))
        for tag in input["tags"]?.elements ?? [] {
            let id = json_string(try #require(tag["name"]?.text))!
            if let error = tag["error"]?.integer {
                tree.add(id, error: Int32(error))
            } else {
                tree.add(id, try loaded(try #require(tag["value"])))
            }
        }
        if case .object(let members)? = vector["static_tags"] {
            for (name, value) in members { tree.add(json_string(name)!, try loaded(value)) }
        }
        let built = tree.finished()
        let expected = try loaded(message)
        defer {
            neuron_ws_json_decref(built)
            neuron_ws_json_decref(expected)
        }
        #expect(json_equal(built, expected) == 1, "\(vector["name"]?.text ?? "")")
        // json_equal ignores the order of members.
        let texts = [built, expected].map { tree in
            let text = json_dumps(tree, Int(JSON_COMPACT))!
            defer { free(text) }
            return String(cString: text)
        }
        #expect(texts[0] == texts[1])
    }

    private func loaded(_ value: TestJSON) throws -> OpenGateTree.Node {
        try #require(json_loads(value.compact, Int(JSON_DECODE_ANY), nil))
    }

    @Test(arguments: 0..<29) func anAnswerBecomesItsResponse(_ index: Int) throws {
        let vector = TestJSON.parse(Self.operations[index])
        let name = try #require(vector["name"]?.text)
        let gateway = identity(vector)
        var rules = anyRules
        rules.openGate = gateway
        let text = Array(try #require(vector["request"]).compact.utf8)
        let found: Request? = text.withUnsafeBytes { bytes in
            var incoming = IncomingMessage.make(bytes)
            guard case .request(let request)? = incoming?.next(rules) else { return nil }
            return request
        }
        let request = try #require(found, "\(name)")
        let answer = try Array(try #require(vector["answer"]).compact.utf8).withUnsafeBytes { try JSONText.parse($0) }
        let made = try OperationAnswer.final(
            answer.root, to: request, EncodingOptions(format: .openGate, openGate: gateway), timestampMilliseconds: 99)
        let got = TestJSON.parse(made.document.text)
        #expect(got.compact == vector["response"]?.compact, "\(name)")
        let upload = made.upload.map { TestJSON.parse($0.text) } ?? .null
        #expect(upload.compact == vector["upload"]?.compact, "\(name)")
    }
}
