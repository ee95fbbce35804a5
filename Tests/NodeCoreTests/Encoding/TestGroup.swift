// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

@testable import NodeCore

/// A tag as tests write it down.
struct TestTag {
    /// What stands in the C union.
    indirect enum Value {
        case none
        case integer(Int64)
        case unsigned(UInt64)
        case float(Float)
        case double(Double)
        case boolean(Bool)
        /// STRING, PTR, TIME…, CUSTOM.
        case text([UInt8])
        /// Elements of an array type, BYTES included.
        case array([Value])
    }

    var name: [UInt8]
    var type: Int32 = 7
    var value: Value = .none
    var error: Int32 = 0
    var precision: UInt8 = 0
    var metas: [TestTag] = []

    init(
        _ name: String, _ type: Int32 = 7, _ value: Value = .none, error: Int32 = 0, precision: UInt8 = 0,
        metas: [TestTag] = []
    ) {
        self.name = Array(name.utf8)
        self.type = type
        self.value = value
        self.error = error
        self.precision = precision
        self.metas = metas
    }
}

/// A C group made of such tags, with all its memory.
final class TestGroup {
    let pointer = UnsafeMutablePointer<neuron_ws_group_t>.allocate(capacity: 1)
    private(set) var tags: UnsafeMutableRawPointer
    private var blocks: [UnsafeMutableRawPointer] = []
    let stride: Int

    /// `usesLengths`: names come with their length and without a NUL byte, else NUL-terminated.
    init(
        driver: String = "plc1", group: String = "grp", timestamp: Int64 = 1_700_000_000_123, _ list: [TestTag],
        stride: Int = MemoryLayout<neuron_ws_tag_t>.stride, usesLengths: Bool = false
    ) {
        self.stride = stride
        tags = UnsafeMutableRawPointer.allocate(byteCount: max(list.count * stride, 1), alignment: 8)
        tags.initializeMemory(as: UInt8.self, repeating: 0, count: max(list.count * stride, 1))
        pointer.initialize(to: neuron_ws_group_t())
        pointer.pointee.size = MemoryLayout<neuron_ws_group_t>.size
        pointer.pointee.driver = text(Array(driver.utf8) + [0])
        pointer.pointee.group = text(Array(group.utf8) + [0])
        pointer.pointee.timestamp_ms = timestamp
        pointer.pointee.tags = UnsafePointer(tags.assumingMemoryBound(to: neuron_ws_tag_t.self))
        pointer.pointee.tag_count = list.count
        pointer.pointee.tag_size = stride
        for (index, tag) in list.enumerated() { fill(tags + index * stride, tag, usesLengths) }
    }

    deinit {
        for block in blocks { block.deallocate() }
        tags.deallocate()
        pointer.deallocate()
    }

    func tag(_ index: Int) -> UnsafeMutablePointer<neuron_ws_tag_t> {
        (tags + index * stride).assumingMemoryBound(to: neuron_ws_tag_t.self)
    }

    private func block(_ byteCount: Int) -> UnsafeMutableRawPointer {
        let block = UnsafeMutableRawPointer.allocate(byteCount: max(byteCount, 1), alignment: 8)
        block.initializeMemory(as: UInt8.self, repeating: 0, count: max(byteCount, 1))
        blocks.append(block)
        return block
    }

    private func text(_ bytes: [UInt8]) -> UnsafePointer<CChar> {
        let target = block(bytes.count)
        bytes.withUnsafeBytes {
            target.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(target), byteCount: $0.count)
        }
        return UnsafePointer(target.assumingMemoryBound(to: CChar.self))
    }

    private func fill(_ place: UnsafeMutableRawPointer, _ tag: TestTag, _ usesLengths: Bool) {
        var result = neuron_ws_tag_t()
        let isEmpty = tag.name.isEmpty
        result.name = text(usesLengths && !isEmpty ? tag.name : tag.name + [0])
        result.name_length = usesLengths ? tag.name.count : 0
        result.type = neuron_ws_type_t(rawValue: tag.type)!
        result.error = tag.error
        result.precision = tag.precision
        switch tag.value {
        case .none: result.value.u64 = 0
        case .integer(let number): result.value.i64 = number
        case .unsigned(let number): result.value.u64 = number
        case .float(let number): result.value.f32 = number
        case .double(let number): result.value.d64 = number
        case .boolean(let flag): result.value.u64 = flag ? 1 : 0
        case .text(let bytes): result.value.text = neuron_ws_text_t(data: text(bytes), length: bytes.count)
        case .array(let elements):
            result.value.array = neuron_ws_array_t(data: array(elements, tag.type), count: elements.count)
        }
        if !tag.metas.isEmpty {
            let metas = block(tag.metas.count * stride)
            for (index, meta) in tag.metas.enumerated() { fill(metas + index * stride, meta, usesLengths) }
            result.metas = UnsafePointer(metas.assumingMemoryBound(to: neuron_ws_tag_t.self))
            result.meta_count = tag.metas.count
        }
        place.storeBytes(of: result, as: neuron_ws_tag_t.self)
    }

    private func array(_ elements: [TestTag.Value], _ type: Int32) -> UnsafeRawPointer {
        let data = block(elements.count * 8)
        for (index, element) in elements.enumerated() {
            switch element {
            case .integer(let number): store(UInt64(bitPattern: number), index, type, data)
            case .unsigned(let number): store(number, index, type, data)
            case .float(let number): data.storeBytes(of: number, toByteOffset: index * 4, as: Float.self)
            case .double(let number): data.storeBytes(of: number, toByteOffset: index * 8, as: Double.self)
            case .boolean(let flag): data.storeBytes(of: flag ? 1 : 0, toByteOffset: index, as: UInt8.self)
            case .text(let bytes):
                data.storeBytes(of: text(bytes + [0]), toByteOffset: index * 8, as: UnsafePointer<CChar>.self)
            case .none, .array: break
            }
        }
        return UnsafeRawPointer(data)
    }

    private func store(_ number: UInt64, _ index: Int, _ type: Int32, _ data: UnsafeMutableRawPointer) {
        switch type {
        case 14, 23, 24: data.storeBytes(of: UInt8(truncatingIfNeeded: number), toByteOffset: index, as: UInt8.self)
        case 25, 26: data.storeBytes(of: UInt16(truncatingIfNeeded: number), toByteOffset: index * 2, as: UInt16.self)
        case 27, 28: data.storeBytes(of: UInt32(truncatingIfNeeded: number), toByteOffset: index * 4, as: UInt32.self)
        default: data.storeBytes(of: number, toByteOffset: index * 8, as: UInt64.self)
        }
    }
}

/// What an encode came to, for tests that look at all of it.
enum TestOutcome: Equatable {
    case message(String, values: Int, errors: Int)
    case skipped
    case failed(EncodingError)
}

func encoded(
    _ group: TestGroup, _ format: UploadFormat = .values, reportsErrors: Bool = true, staticTags: StaticTags? = nil,
    own: StaticTags? = nil, template: CustomTemplate? = nil, byteCountMax: Int = 1 << 30,
    names: GroupNames = GroupNames(), key: GroupNames.Key? = nil, openGate: OpenGateIdentity? = nil
) -> TestOutcome {
    let buffer = ByteBuffer(byteCountMax: byteCountMax)
    let options = EncodingOptions(
        format: format, reportsErrors: reportsErrors, staticTags: staticTags, template: template, openGate: openGate)
    do throws(EncodingError) {
        let result = try EnvelopeEncoder.encode(
            try GroupView.open(group.pointer), timestampMilliseconds: group.pointer.pointee.timestamp_ms,
            options: options,
            staticTags: own, names: names, key: key, into: buffer)
        guard case .message(let values, let errors) = result else { return .skipped }
        return .message(buffer.text, values: values, errors: errors)
    } catch { return .failed(error) }
}

extension StaticTags {
    /// As a message would have them: what is inside of the brackets.
    func text(_ style: EntryStyle, own: StaticTags? = nil) throws -> String {
        let buffer = ByteBuffer(byteCountMax: 1 << 20)
        var writer = try ByteWriter.open(buffer)
        try StaticWriter.write(StaticTagSet(node: self, own: own), style: style, to: &writer)
        try writer.finish()
        return String(buffer.text.dropFirst())
    }
}

extension ByteBuffer {
    var bytes: [UInt8] { withBytes { [UInt8]($0) } }
    var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// A small generator of the same numbers in each run.
struct TestRandom {
    var state: UInt64

    init(_ seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_f491_4f6c_dd1d
    }

    mutating func below(_ limit: Int) -> Int { Int(next() >> 33) % limit }
}
