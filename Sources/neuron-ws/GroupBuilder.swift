import CJansson
import CNeuronWS

/// Why a JSON text is no group; for people.
struct GroupError: Error {
    let text: String
}

/// The value types by their names in neuron_ws.h.
enum ValueType {
    static let all: [(name: String, type: neuron_ws_type_t)] = [
        ("INT8", .NEURON_WS_TYPE_INT8), ("UINT8", .NEURON_WS_TYPE_UINT8), ("INT16", .NEURON_WS_TYPE_INT16),
        ("UINT16", .NEURON_WS_TYPE_UINT16), ("INT32", .NEURON_WS_TYPE_INT32), ("UINT32", .NEURON_WS_TYPE_UINT32),
        ("INT64", .NEURON_WS_TYPE_INT64), ("UINT64", .NEURON_WS_TYPE_UINT64), ("FLOAT", .NEURON_WS_TYPE_FLOAT),
        ("DOUBLE", .NEURON_WS_TYPE_DOUBLE), ("BIT", .NEURON_WS_TYPE_BIT), ("BOOL", .NEURON_WS_TYPE_BOOL),
        ("STRING", .NEURON_WS_TYPE_STRING), ("BYTES", .NEURON_WS_TYPE_BYTES), ("ERROR", .NEURON_WS_TYPE_ERROR),
        ("WORD", .NEURON_WS_TYPE_WORD), ("DWORD", .NEURON_WS_TYPE_DWORD), ("LWORD", .NEURON_WS_TYPE_LWORD),
        ("PTR", .NEURON_WS_TYPE_PTR), ("TIME", .NEURON_WS_TYPE_TIME),
        ("DATA_AND_TIME", .NEURON_WS_TYPE_DATA_AND_TIME), ("ARRAY_CHAR", .NEURON_WS_TYPE_ARRAY_CHAR),
        ("ARRAY_INT8", .NEURON_WS_TYPE_ARRAY_INT8), ("ARRAY_UINT8", .NEURON_WS_TYPE_ARRAY_UINT8),
        ("ARRAY_INT16", .NEURON_WS_TYPE_ARRAY_INT16), ("ARRAY_UINT16", .NEURON_WS_TYPE_ARRAY_UINT16),
        ("ARRAY_INT32", .NEURON_WS_TYPE_ARRAY_INT32), ("ARRAY_UINT32", .NEURON_WS_TYPE_ARRAY_UINT32),
        ("ARRAY_INT64", .NEURON_WS_TYPE_ARRAY_INT64), ("ARRAY_UINT64", .NEURON_WS_TYPE_ARRAY_UINT64),
        ("ARRAY_FLOAT", .NEURON_WS_TYPE_ARRAY_FLOAT), ("ARRAY_DOUBLE", .NEURON_WS_TYPE_ARRAY_DOUBLE),
        ("ARRAY_BOOL", .NEURON_WS_TYPE_ARRAY_BOOL), ("ARRAY_STRING", .NEURON_WS_TYPE_ARRAY_STRING),
        ("CUSTOM", .NEURON_WS_TYPE_CUSTOM),
    ]

    private static let byName: [String: neuron_ws_type_t] = {
        var table: [String: neuron_ws_type_t] = [:]
        for (name, type) in all { table[name] = type }
        return table
    }()

    static func named(_ name: String) -> neuron_ws_type_t? { byName[name.uppercased()] }
}

/// A group for the library, built from JSON, with all the memory it points to.
final class GroupBuilder {
    var group = neuron_ws_group_t()
    /// Freed with the group.
    private var allocations: [UnsafeMutableRawPointer] = []
    /// Texts that the group borrows from jansson.
    private var kept: [JSON] = []

    init() { group.size = MemoryLayout<neuron_ws_group_t>.size }

    deinit {
        for allocation in allocations { allocation.deallocate() }
    }

    /// Takes the members `node`, `group`, `timestamp` and `tags`. What is left out stays empty: the library says what
    /// it thinks of that.
    func fill(from input: JSON) throws(GroupError) {
        group.driver = try name(input["node"], "node")
        group.group = try name(input["group"], "group")
        if let timestamp = input["timestamp"], timestamp.kind != .null {
            group.timestamp_ms = try Number.signed(timestamp, Int64.self, "timestamp")
        }
        group.tag_size = MemoryLayout<neuron_ws_tag_t>.size
        guard let tags = input["tags"], tags.kind != .null else { return }
        guard tags.kind == .array else { throw GroupError(text: "tags must be an array") }
        group.tags = UnsafePointer(try fillTags(tags, "tags"))
        group.tag_count = tags.count
    }

    /// A NUL-terminated name, or NULL if there is none.
    private func name(_ value: JSON?, _ place: String) throws(GroupError) -> UnsafePointer<CChar>? {
        guard let value else { return nil }
        guard let bytes = value.bytes else { throw GroupError(text: "\(place) must be a text") }
        guard !bytes.contains(0) else { throw GroupError(text: "\(place) holds a NUL character") }
        kept.append(value)
        return json_string_value(value.pointer)
    }

    private func fillTags(_ list: JSON, _ place: String) throws(GroupError) -> UnsafeMutablePointer<neuron_ws_tag_t> {
        let tags: UnsafeMutablePointer<neuron_ws_tag_t> = allocate(list.count)
        for index in 0..<list.count {
            tags[index] = neuron_ws_tag_t()
            guard let item = list[index], item.kind == .object else {
                throw GroupError(text: "\(place)[\(index)] must be an object")
            }
            try fillTag(&tags[index], item, "\(place)[\(index)]")
        }
        return tags
    }

    private func fillTag(_ tag: inout neuron_ws_tag_t, _ item: JSON, _ place: String) throws(GroupError) {
        if let name = item["name"] {
            guard let bytes = name.bytes else { throw GroupError(text: "\(place).name must be a text") }
            kept.append(name)
            tag.name = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            tag.name_length = bytes.count
        }
        if let precision = item["precision"] {
            tag.precision = try Number.unsigned(precision, UInt8.self, "\(place).precision")
        }
        if let error = item["error"], error.kind != .null {
            tag.error = try Number.signed(error, Int32.self, "\(place).error")
        }
        if let metas = item["metas"], metas.kind == .array, metas.count > 0 {
            tag.metas = UnsafePointer(try fillTags(metas, "\(place).metas"))
            tag.meta_count = metas.count
        }
        if tag.error != 0 { return }
        if item["error"]?.integer == 0 && item["value"] == nil {
            // No error, and nothing else: the gateway's ERROR type with the code 0.
            tag.type = .NEURON_WS_TYPE_ERROR
            tag.value.i32 = 0
            return
        }
        guard let name = item["type"]?.string else { throw GroupError(text: "\(place).type is missing or no text") }
        guard let type = ValueType.named(name) else { throw GroupError(text: "\(place): there is no type \(name)") }
        guard let value = item["value"] else { throw GroupError(text: "\(place) has neither value nor error") }
        tag.type = type
        try setValue(&tag.value, type, value, "\(place).value (\(name))")
    }

    private func setValue(
        _ target: inout neuron_ws_value_t, _ type: neuron_ws_type_t, _ value: JSON, _ place: String
    ) throws(GroupError) {
        switch type {
        case .NEURON_WS_TYPE_INT8: target.i8 = try Number.signed(value, Int8.self, place)
        case .NEURON_WS_TYPE_UINT8, .NEURON_WS_TYPE_BIT: target.u8 = try Number.unsigned(value, UInt8.self, place)
        case .NEURON_WS_TYPE_INT16: target.i16 = try Number.signed(value, Int16.self, place)
        case .NEURON_WS_TYPE_UINT16, .NEURON_WS_TYPE_WORD:
            target.u16 = try Number.unsigned(value, UInt16.self, place)
        case .NEURON_WS_TYPE_INT32, .NEURON_WS_TYPE_ERROR: target.i32 = try Number.signed(value, Int32.self, place)
        case .NEURON_WS_TYPE_UINT32, .NEURON_WS_TYPE_DWORD:
            target.u32 = try Number.unsigned(value, UInt32.self, place)
        case .NEURON_WS_TYPE_INT64: target.i64 = try Number.signed(value, Int64.self, place)
        case .NEURON_WS_TYPE_UINT64, .NEURON_WS_TYPE_LWORD:
            target.u64 = try Number.unsigned(value, UInt64.self, place)
        case .NEURON_WS_TYPE_FLOAT: target.f32 = Float(try Number.floating(value, place))
        case .NEURON_WS_TYPE_DOUBLE: target.d64 = try Number.floating(value, place)
        case .NEURON_WS_TYPE_BOOL: target.boolean = try Number.boolean(value, place)
        case .NEURON_WS_TYPE_STRING, .NEURON_WS_TYPE_PTR, .NEURON_WS_TYPE_TIME, .NEURON_WS_TYPE_DATA_AND_TIME,
            .NEURON_WS_TYPE_ARRAY_CHAR:
            target.text = try text(value, place)
        case .NEURON_WS_TYPE_CUSTOM: target.text = keep(value.compactText)
        default: target.array = try array(type, value, place)
        }
    }

    /// A text, or raw bytes given as an array of numbers.
    private func text(_ value: JSON, _ place: String) throws(GroupError) -> neuron_ws_text_t {
        if let bytes = value.bytes {
            kept.append(value)
            return neuron_ws_text_t(data: bytes.baseAddress?.assumingMemoryBound(to: CChar.self), length: bytes.count)
        }
        guard value.kind == .array else { throw GroupError(text: "\(place) takes a text or an array of bytes") }
        let bytes = try elements(value, place) { (item, place) throws(GroupError) in
            try Number.unsigned(item, UInt8.self, place)
        }
        return neuron_ws_text_t(data: bytes.data?.assumingMemoryBound(to: CChar.self), length: bytes.count)
    }

    private func keep(_ bytes: [UInt8]) -> neuron_ws_text_t {
        let copy: UnsafeMutablePointer<CChar> = allocate(bytes.count)
        for (index, byte) in bytes.enumerated() { copy[index] = CChar(bitPattern: byte) }
        return neuron_ws_text_t(data: UnsafePointer(copy), length: bytes.count)
    }

    private func array(
        _ type: neuron_ws_type_t, _ value: JSON, _ place: String
    ) throws(GroupError) -> neuron_ws_array_t {
        guard value.kind == .array else { throw GroupError(text: "\(place) takes an array") }
        switch type {
        case .NEURON_WS_TYPE_ARRAY_INT8: return try signed(Int8.self, value, place)
        case .NEURON_WS_TYPE_BYTES, .NEURON_WS_TYPE_ARRAY_UINT8: return try unsigned(UInt8.self, value, place)
        case .NEURON_WS_TYPE_ARRAY_INT16: return try signed(Int16.self, value, place)
        case .NEURON_WS_TYPE_ARRAY_UINT16: return try unsigned(UInt16.self, value, place)
        case .NEURON_WS_TYPE_ARRAY_INT32: return try signed(Int32.self, value, place)
        case .NEURON_WS_TYPE_ARRAY_UINT32: return try unsigned(UInt32.self, value, place)
        case .NEURON_WS_TYPE_ARRAY_INT64: return try signed(Int64.self, value, place)
        case .NEURON_WS_TYPE_ARRAY_UINT64: return try unsigned(UInt64.self, value, place)
        case .NEURON_WS_TYPE_ARRAY_FLOAT:
            return try elements(value, place) { (item, place) throws(GroupError) in
                Float(try Number.floating(item, place))
            }
        case .NEURON_WS_TYPE_ARRAY_DOUBLE:
            return try elements(value, place) { (item, place) throws(GroupError) in
                try Number.floating(item, place)
            }
        case .NEURON_WS_TYPE_ARRAY_BOOL:
            return try elements(value, place) { (item, place) throws(GroupError) in
                try Number.boolean(item, place)
            }
        case .NEURON_WS_TYPE_ARRAY_STRING:
            return try elements(value, place) { (item, place) throws(GroupError) in
                try self.name(item, place)
            }
        default: throw GroupError(text: "\(place): the type takes no value")
        }
    }

    private func signed<Element: FixedWidthInteger & SignedInteger>(
        _: Element.Type, _ value: JSON, _ place: String
    ) throws(GroupError) -> neuron_ws_array_t {
        try elements(value, place) { (item, place) throws(GroupError) in
            try Number.signed(item, Element.self, place)
        }
    }

    private func unsigned<Element: FixedWidthInteger & UnsignedInteger>(
        _: Element.Type, _ value: JSON, _ place: String
    ) throws(GroupError) -> neuron_ws_array_t {
        try elements(value, place) { (item, place) throws(GroupError) in
            try Number.unsigned(item, Element.self, place)
        }
    }

    private func elements<Element>(
        _ list: JSON, _ place: String, _ convert: (JSON, String) throws(GroupError) -> Element
    ) throws(GroupError) -> neuron_ws_array_t {
        let space: UnsafeMutablePointer<Element> = allocate(list.count)
        for index in 0..<list.count {
            guard let item = list[index] else { break }
            (space + index).initialize(to: try convert(item, "\(place)[\(index)]"))
        }
        return neuron_ws_array_t(data: space, count: list.count)
    }

    /// Room for elements that need no clean-up of their own.
    private func allocate<Element>(_ count: Int) -> UnsafeMutablePointer<Element> {
        let space = UnsafeMutablePointer<Element>.allocate(capacity: max(1, count))
        allocations.append(UnsafeMutableRawPointer(space))
        return space
    }
}

/// Numbers as the input gives them: JSON numbers, or texts where JSON has none for them.
enum Number {
    static func signed<Result: FixedWidthInteger & SignedInteger>(
        _ value: JSON, _: Result.Type, _ place: String
    ) throws(GroupError) -> Result {
        if let integer = value.integer, let result = Result(exactly: integer) { return result }
        if let text = value.string, let result: Result = parse(text) { return result }
        throw GroupError(text: "\(place): \(described(value)) is no integer of \(Result.bitWidth) bits")
    }

    static func unsigned<Result: FixedWidthInteger & UnsignedInteger>(
        _ value: JSON, _: Result.Type, _ place: String
    ) throws(GroupError) -> Result {
        if let integer = value.integer, let result = Result(exactly: integer) { return result }
        if let boolean = value.boolean { return boolean ? 1 : 0 }
        if let text = value.string, let result: Result = parse(text) { return result }
        throw GroupError(text: "\(place): \(described(value)) is no unsigned integer of \(Result.bitWidth) bits")
    }

    static func floating(_ value: JSON, _ place: String) throws(GroupError) -> Double {
        if let real = value.real { return real }
        if let integer = value.integer { return Double(integer) }
        switch value.string?.lowercased() {
        case "nan": return .nan
        case "inf", "+inf": return .infinity
        case "-inf": return -.infinity
        default: throw GroupError(text: "\(place): \(described(value)) is no number")
        }
    }

    static func boolean(_ value: JSON, _ place: String) throws(GroupError) -> Bool {
        if let boolean = value.boolean { return boolean }
        if let integer = value.integer, integer == 0 || integer == 1 { return integer == 1 }
        throw GroupError(text: "\(place): \(described(value)) is neither true nor false")
    }

    /// Decimal, or hexadecimal behind 0x.
    private static func parse<Result: FixedWidthInteger>(_ text: String) -> Result? {
        let isHexadecimal = text.hasPrefix("0x") || text.hasPrefix("0X")
        return isHexadecimal ? Result(text.dropFirst(2), radix: 16) : Result(text)
    }

    private static func described(_ value: JSON) -> String {
        let text = String(decoding: value.compactText.prefix(60), as: UTF8.self)
        return text.isEmpty ? "it" : text
    }
}
