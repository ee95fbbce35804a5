// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

/// Tests/Data/neuron-requests.txt: what a live gateway was asked and what it answered. Each case is handed over as the
/// gateway understands it, or answered with a reason where the gateway stays silent.
@Suite struct NeuronRequestsTests {
    /// The documents in the order of the file.
    static let documents: [String] = {
        let path = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let text = String(decoding: TestFile.read("/" + path + "/Data/neuron-requests.txt"), as: UTF8.self)
        return text.split(separator: "\n").filter { $0.hasPrefix("   > ") }.map { String($0.dropFirst(5)) }
    }()

    static let expected: [String] = [
        "read mb/g",
        "read mb/g i16,nope",
        "read mb/g",
        "read mb/g i16 sync",
        // Unknown nodes, groups and tags are the host's to answer.
        "read nonode/g",
        "read mb/nogroup",
        #"1002 "7" "group" is missing"#,
        #"no uuid: "uuid" is missing"#,
        #"1002 8 "uuid" is an integer; it takes a text"#,
        "message",
        "message",
        "message",
        "read mq/g",
        "read mb/g name~i",
        // What is no name is passed over, as the gateway does.
        "read mb/g i16",
        "read mb/g",
        "write mb/g i16=INT64 7",
        "write mb/g i16=DOUBLE 7.5",
        "write mb/g i16=INT64 70000",
        "write mb/g i16=STRING x",
        "write mb/g f=INT64 3",
        "write mb/g f=DOUBLE 3.25",
        "write mb/g f=INT64 3 precision 1",
        "write mb/g nope=INT64 1",
        "write mb/g u8=INT64 1",
        "write nonode/g i16=INT64 1",
        "write mb/nog i16=INT64 1",
        "write mb/g bit=BOOL true",
        "write mb/g bit=INT64 1",
        "write mb/g s=STRING hey",
        #"1002 "15" tag "i16": null is no value"#,
        #"1002 "16" "value" is missing"#,
        #"1002 "17" "tag" is missing"#,
        "write list mb/g i16=INT64 1,f=DOUBLE 2.5",
        "write list mb/g i16=INT64 2",
        "write list mb/g i16=INT64 1,nope=INT64 2",
        // Without a topic to tell them apart, this is the read of a whole group.
        "read mb/g",
        #"1002 "22" "tags"[0]: "value" is missing"#,
        "write file/grp w=STRING W",
        "write file/grp w=INT64 5",
        "write list file/grp w=STRING A",
        "write mb/g i16=ARRAY_INT64 [1, 2]",
        #"write mb/g i16=CUSTOM {"a":1}"#,
        "message",
        #"no uuid: "uuid" is missing"#,
        "write mq/g i16=INT64 1",
    ]

    @Test func thereIsAnExpectationForEach() { #expect(Self.documents.count == Self.expected.count) }

    @Test(arguments: 0..<46) func aCaseIsUnderstood(_ index: Int) throws {
        try #require(index < Self.documents.count)
        #expect(parts(Self.documents[index]) == [Self.expected[index]], "\(Self.documents[index])")
    }
}
