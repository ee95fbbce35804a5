// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct GroupViewTests {
    private let one = [TestTag("a", 7, .integer(1)), TestTag("b", 7, .integer(2))]
    private let size = MemoryLayout<neuron_ws_group_t>.size
    private let tagSize = MemoryLayout<neuron_ws_tag_t>.size

    private func failure(_ group: TestGroup, _ format: UploadFormat = .values) -> EncodingError? {
        if case .failed(let error) = encoded(group, format) { error } else { nil }
    }

    @Test(arguments: [0, 8, 55, 4097, Int.max, -1])
    func groupSizesThatAreNoneAreRefused(_ size: Int) {
        let group = TestGroup(one)
        group.pointer.pointee.size = size
        #expect(
            failure(group)
                == .structSize(
                    "neuron_ws_group_t says it has \(UInt(bitPattern: size)) bytes; expected 56, at most 4096: "
                        + "set `size` to sizeof the struct"))
    }

    @Test func aLargerGroupIsTakenIfTheRestIsZero() {
        let raw = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 8)
        defer { raw.deallocate() }
        raw.initializeMemory(as: UInt8.self, repeating: 0, count: 4096)
        let group = TestGroup(one)
        raw.copyMemory(from: group.pointer, byteCount: size)
        raw.storeBytes(of: 4096, as: Int.self)
        let options = EncodingOptions(format: .values)
        let buffer = ByteBuffer(byteCountMax: 1000)
        func run() -> TestOutcome {
            do throws(EncodingError) {
                _ = try EnvelopeEncoder.encode(
                    GroupView.open(raw.assumingMemoryBound(to: neuron_ws_group_t.self)), timestampMilliseconds: 1,
                    options: options,
                    names: GroupNames(), key: nil, into: buffer)
                return .message("", values: 0, errors: 0)
            } catch { return .failed(error) }
        }
        #expect(run() == .message("", values: 0, errors: 0))
        raw.storeBytes(of: 1, toByteOffset: 4095, as: UInt8.self)
        guard case .failed(.structSize(let text)) = run() else {
            Issue.record("a member that nobody knows was taken")
            return
        }
        #expect(text.hasPrefix("neuron_ws_group_t has 4096 bytes, and what lies behind the 56 known ones is not zero"))
        withExtendedLifetime(group) {}
    }

    @Test(arguments: [0, 8, 63, 71, 65, 4104, -8])
    func tagSizesThatAreNoneAreRefused(_ stride: Int) {
        let group = TestGroup(one)
        group.pointer.pointee.tag_size = stride
        guard case .structSize(let text)? = failure(group) else {
            Issue.record("\(stride) was taken")
            return
        }
        #expect(text.hasPrefix("`tag_size` is \(UInt(bitPattern: stride)), no sizeof(neuron_ws_tag_t)"))
    }

    @Test(arguments: [72, 128, 4096], [UploadFormat.values, .tags, .ecp])
    func largerTagsAreTakenIfTheRestIsZero(_ stride: Int, _ format: UploadFormat) {
        let tags = [TestTag("a", 7, .integer(1), metas: [TestTag("m", 7, .integer(5)), TestTag("n", 7, .integer(6))])]
        let group = TestGroup(tags + one, stride: stride)
        #expect(encoded(group, format) == encoded(TestGroup(tags + one), format))
        (group.tags + (2 * stride + tagSize)).storeBytes(of: 1, as: UInt8.self)
        let unknown = EncodingError.structSize(
            "neuron_ws_tag_t has \(stride) bytes, and what lies behind the 64 known ones is not zero: "
                + "the library is older than what it is asked for")
        #expect(failure(group) == unknown)
        (group.tags + (2 * stride + tagSize)).storeBytes(of: 0, as: UInt8.self)
        let meta = UnsafeMutableRawPointer(mutating: UnsafeRawPointer(group.tag(0).pointee.metas!))
        (meta + (2 * stride - 1)).storeBytes(of: 1, as: UInt8.self)
        #expect(failure(group, format) == unknown)
    }

    @Test func namesOfTheGroupAreChecked() {
        let group = TestGroup(one)
        group.pointer.pointee.driver = nil
        #expect(failure(group) == .invalidGroup("the group has no driver name"))
        let other = TestGroup(one)
        other.pointer.pointee.group = nil
        #expect(failure(other) == .invalidGroup("the group has no name"))
        #expect(failure(TestGroup(driver: "", one)) == .invalidGroup("the driver's name is empty"))
        #expect(failure(TestGroup(group: "", one)) == .invalidGroup("the group's name is empty"))
        let long = String(repeating: "n", count: 1025)
        #expect(failure(TestGroup(driver: long, one)) == .invalidGroup("the driver's name is longer than 1024 bytes"))
        #expect(failure(TestGroup(driver: String(long.dropLast()), one)) == nil)
    }

    @Test(arguments: [UploadFormat.values, .tags, .ecp])
    func tagNamesAreChecked(_ format: UploadFormat) {
        let group = TestGroup(one)
        group.tag(1).pointee.name = nil
        #expect(failure(group, format) == .invalidGroup("tag 1 has no name"))
        let long = String(repeating: "n", count: 1025)
        for usesLengths in [false, true] {
            #expect(
                failure(TestGroup(one + [TestTag(long, 7)], usesLengths: usesLengths), format)
                    == .invalidGroup("tag 2 has a name longer than 1024 bytes"))
            #expect(failure(TestGroup([TestTag(String(long.dropLast()), 7)], usesLengths: usesLengths), format) == nil)
        }
        let negative = TestGroup(one)
        negative.tag(0).pointee.name_length = -1
        #expect(failure(negative, format) == .invalidGroup("tag 0 has a name longer than 1024 bytes"))
        let errors = TestGroup([TestTag("a", error: 1)])
        errors.tag(0).pointee.name = nil
        #expect(failure(errors, format) == .invalidGroup("tag 0 has no name"))
    }

    @Test func countsAreChecked() {
        let group = TestGroup(one)
        group.pointer.pointee.tag_count = 2_000_001
        #expect(failure(group) == .tooBig("the group has 2000001 tags, at most 2000000 are taken"))
        group.pointer.pointee.tag_count = -1
        #expect(failure(group) == .tooBig("the group has 18446744073709551615 tags, at most 2000000 are taken"))
        group.pointer.pointee.tag_count = 2
        group.pointer.pointee.tags = nil
        #expect(failure(group) == .invalidGroup("tags is NULL, tag_count 2"))
        group.pointer.pointee.tag_count = 0
        group.pointer.pointee.tag_size = 0
        #expect(encoded(group) == .skipped)
    }

    @Test(arguments: [UploadFormat.values, .tags, .ecp])
    func metasAreChecked(_ format: UploadFormat) {
        let tags = one + [TestTag("c", 7, .integer(3), metas: [TestTag("m", 7, .integer(5))])]
        let group = TestGroup(tags)
        group.tag(2).pointee.meta_count = 1025
        #expect(failure(group, format) == .tooBig("tag 2 has 1025 metas, at most 1024 are taken"))
        let nameless = TestGroup(tags)
        UnsafeMutablePointer(mutating: nameless.tag(2).pointee.metas!).pointee.name = nil
        #expect(failure(nameless, format) == .invalidGroup("a meta of tag 2 has no name"))
        let none = TestGroup(tags)
        none.tag(2).pointee.metas = nil
        none.tag(2).pointee.meta_count = 7
        #expect(failure(none, format) == nil)
    }

    @Test(arguments: [0, 35, 39, 41, 99, -1] as [Int32])
    func unknownTypesAreRefusedUnlessThereIsAnError(_ type: Int32) {
        for format in [UploadFormat.values, .tags, .ecp] {
            #expect(
                failure(TestGroup(one + [TestTag("c", type)]), format)
                    == .invalidGroup("tag 2 (c) has the unknown type \(type)"))
            #expect(failure(TestGroup(one + [TestTag("c", type, error: 5)]), format) == nil)
        }
    }

    @Test func dataThatIsNotThereIsRefused() {
        let text = TestGroup([TestTag("t", 13, .text([97]))])
        text.tag(0).pointee.value.text.data = nil
        #expect(failure(text) == .invalidGroup("tag 0 (t) has a text whose data is NULL"))
        text.tag(0).pointee.value.text.length = -1
        #expect(failure(text) == .invalidGroup("tag 0 (t) has a text whose data is NULL"))
        text.tag(0).pointee.value.text.length = 0
        #expect(failure(text) == nil)
        let impossible = TestGroup([TestTag("t", 13, .text([97]))])
        impossible.tag(0).pointee.value.text.length = -2
        #expect(failure(impossible) == .invalidGroup("tag 0 (t) has a text of impossible length"))
        let array = TestGroup([TestTag("t", 27, .array([.integer(1)]))])
        array.tag(0).pointee.value.array.data = nil
        #expect(failure(array) == .invalidGroup("tag 0 (t) has an array whose data is NULL"))
        array.tag(0).pointee.value.array.count = -1
        #expect(failure(array) == .invalidGroup("tag 0 (t) has an array of impossible length"))
        array.tag(0).pointee.value.array.count = 0
        #expect(failure(array) == nil)
    }

    /// Without a byte of them being read: memory ends behind the first.
    @Test(arguments: [1 << 30 + 1, Int.max / 8, Int.max / 4, Int.max / 4 + 1, Int.max])
    func lengthsThatNoMessageCouldHoldAreRefused(_ count: Int) {
        for type in [Int32(13), 19, 20, 21, 22, 40] {
            let text = TestGroup([TestTag("t", type, .text([97]))])
            text.tag(0).pointee.value.text.length = count
            for format in [UploadFormat.values, .tags, .ecp] {
                guard case .tooBig(let why)? = failure(text, format) else {
                    Issue.record("a text of \(count) bytes was taken")
                    continue
                }
                #expect(why.hasPrefix("tag 0 (t) has a text of \(count) bytes; a message has at most"))
            }
        }
        for type in [Int32(14)] + Array(23...34) {
            let array = TestGroup([TestTag("t", type, .array([.integer(1)]))])
            array.tag(0).pointee.value.array.count = count
            for format in [UploadFormat.values, .tags, .ecp] {
                guard case .tooBig? = failure(array, format) else {
                    Issue.record("an array of \(count) elements was taken")
                    continue
                }
            }
        }
    }

    @Test func theValueOfATagWithAnErrorIsNotRead() {
        let group = TestGroup([TestTag("t", 13, .text([97]), error: 7)])
        group.tag(0).pointee.value.text = neuron_ws_text_t(data: UnsafePointer(bitPattern: 8), length: 1 << 40)
        #expect(
            encoded(group)
                == .message(
                    #"{"node":"plc1","group":"grp","timestamp":1700000000123,"values":{},"errors":{"t":7},"metas":{}}"#,
                    values: 0, errors: 1))
    }
}
