// SPDX-License-Identifier: Apache-2.0
import CJansson
import CNeuronWS
import WebSocketCore

/// Puts a JSON value into a tag, as its type demands or as it is.
struct TagValueReader {
    let arena: GroupArena
    /// The tag's name, for error texts.
    let name: String
    /// Texts are the document's, which stays; else they are copied.
    var borrowsTexts = true

    /// Fills type and value of `tag`; `type` nil: by the value.
    func read(
        _ value: JSONValue, as type: neuron_ws_type_t?, into tag: inout neuron_ws_tag_t
    ) throws(GroupDocumentError) {
        guard let type = type ?? natural(value) else {
            throw GroupDocumentError(
                .invalidJSON, "tag \(quoted): null is no value; leave the tag out, or give it an \"error\"")
        }
        tag.type = type
        switch type {
        case .NEURON_WS_TYPE_INT8: tag.value.i8 = try integer(value, type)
        case .NEURON_WS_TYPE_UINT8: tag.value.u8 = try integer(value, type)
        case .NEURON_WS_TYPE_INT16: tag.value.i16 = try integer(value, type)
        case .NEURON_WS_TYPE_UINT16, .NEURON_WS_TYPE_WORD: tag.value.u16 = try integer(value, type)
        case .NEURON_WS_TYPE_INT32, .NEURON_WS_TYPE_ERROR: tag.value.i32 = try integer(value, type)
        case .NEURON_WS_TYPE_UINT32, .NEURON_WS_TYPE_DWORD: tag.value.u32 = try integer(value, type)
        case .NEURON_WS_TYPE_INT64: tag.value.i64 = try integer(value, type)
        case .NEURON_WS_TYPE_UINT64, .NEURON_WS_TYPE_LWORD: tag.value.u64 = try integer(value, type)
        case .NEURON_WS_TYPE_FLOAT: tag.value.f32 = try float(value, type)
        case .NEURON_WS_TYPE_DOUBLE: tag.value.d64 = try double(value, type)
        case .NEURON_WS_TYPE_BIT: tag.value.u8 = try bit(value)
        case .NEURON_WS_TYPE_BOOL: tag.value.boolean = try boolean(value, type)
        case .NEURON_WS_TYPE_STRING, .NEURON_WS_TYPE_PTR, .NEURON_WS_TYPE_TIME, .NEURON_WS_TYPE_DATA_AND_TIME,
            .NEURON_WS_TYPE_ARRAY_CHAR:
            tag.value.text = try text(value, type)
        case .NEURON_WS_TYPE_CUSTOM:
            tag.value.text = try custom(value)
        default: tag.value.array = try array(value, type)
        }
    }

    private var quoted: String { "\"\(name)\"" }

    /// The type that follows from the value; nil for null.
    private func natural(_ value: JSONValue) -> neuron_ws_type_t? {
        switch value.kind {
        case .integer: .NEURON_WS_TYPE_INT64
        case .real: .NEURON_WS_TYPE_DOUBLE
        case .boolean: .NEURON_WS_TYPE_BOOL
        case .string: LargeIntegers.value(of: value) == nil ? .NEURON_WS_TYPE_STRING : .NEURON_WS_TYPE_UINT64
        case .object: .NEURON_WS_TYPE_CUSTOM
        case .array: naturalArray(value)
        case .null: nil
        }
    }

    /// What mixes kinds, or says nothing of them, stays JSON.
    private func naturalArray(_ array: JSONValue) -> neuron_ws_type_t {
        var integers = 0
        var large = 0
        var reals = 0
        var booleans = 0
        var texts = 0
        for index in 0..<array.count {
            guard let element = array[index] else { continue }
            switch element.kind {
            case .integer:
                integers += 1
            case .real: reals += 1
            case .boolean: booleans += 1
            case .string:
                // A C string ends at its first NUL; such a text stays whole in JSON.
                if LargeIntegers.value(of: element) != nil {
                    large += 1
                } else if element.withUTF8({ $0.contains(0) }) == false {
                    texts += 1
                }
            case .object, .array, .null: break
            }
        }
        let count = array.count
        if count == 0 { return .NEURON_WS_TYPE_CUSTOM }
        if integers == count { return .NEURON_WS_TYPE_ARRAY_INT64 }
        // An ARRAY_UINT64 writes what is above 2^63-1 as the gateway does, negative; CUSTOM keeps the number.
        if integers + large == count { return .NEURON_WS_TYPE_CUSTOM }
        if integers + large + reals == count { return .NEURON_WS_TYPE_ARRAY_DOUBLE }
        if booleans == count { return .NEURON_WS_TYPE_ARRAY_BOOL }
        if texts == count { return .NEURON_WS_TYPE_ARRAY_STRING }
        return .NEURON_WS_TYPE_CUSTOM
    }

    private func refusal(
        _ value: JSONValue, _ type: neuron_ws_type_t, _ takes: String
    ) -> GroupDocumentError {
        let shown = value.count > 0 ? "\(value.kindName)" : JSONText.beginning(value).shown(charactersMax: 64)
        return GroupDocumentError(
            .invalidGroup, "tag \(quoted): \(shown) is no \(TagType.name(type)); it takes \(takes)")
    }

    private func integer<Number: FixedWidthInteger>(
        _ value: JSONValue, _ type: neuron_ws_type_t
    ) throws(GroupDocumentError) -> Number {
        Number(truncatingIfNeeded: try integer(value, type, from: Int64(Number.min), to: UInt64(Number.max)))
    }

    /// An integer in range; of 64 bits also in decimal or hexadecimal in a text. For all widths, as the bits of 64.
    private func integer(
        _ value: JSONValue, _ type: neuron_ws_type_t, from least: Int64, to most: UInt64
    ) throws(GroupDocumentError) -> UInt64 {
        var found: IntegerText?
        if let integer = value.integer {
            found = IntegerText(isNegative: integer < 0, magnitude: integer.magnitude)
        } else if let large = LargeIntegers.value(of: value) {
            found = IntegerText(isNegative: false, magnitude: large)
        } else if most > UInt32.max {
            found = value.withUTF8 { IntegerText.parse($0) } ?? nil
        }
        if let found, found.isNegative ? least < 0 && found.magnitude <= least.magnitude : found.magnitude <= most {
            return found.isNegative ? 0 &- found.magnitude : found.magnitude
        }
        throw refusal(value, type, "an integer from \(least) to \(most)")
    }

    private func double(_ value: JSONValue, _ type: neuron_ws_type_t) throws(GroupDocumentError) -> Double {
        if let number = value.number { return number }
        if let large = LargeIntegers.value(of: value) { return Double(large) }
        if value.isText("nan") { return Double.nan }
        if value.isText("inf") { return Double.infinity }
        if value.isText("-inf") { return -Double.infinity }
        throw refusal(value, type, "a number, \"nan\", \"inf\" or \"-inf\"")
    }

    private func float(_ value: JSONValue, _ type: neuron_ws_type_t) throws(GroupDocumentError) -> Float {
        let double = try double(value, type)
        let float = Float(double)
        if float.isInfinite && !double.isInfinite {
            throw refusal(value, type, "a number from -3.4028235e+38 to 3.4028235e+38, \"nan\", \"inf\" or \"-inf\"")
        }
        return float
    }

    private func bit(_ value: JSONValue) throws(GroupDocumentError) -> UInt8 {
        if let boolean = value.boolean { return boolean ? 1 : 0 }
        if let integer = value.integer, integer == 0 || integer == 1 { return UInt8(integer) }
        throw refusal(value, .NEURON_WS_TYPE_BIT, "0, 1, true or false")
    }

    private func boolean(_ value: JSONValue, _ type: neuron_ws_type_t) throws(GroupDocumentError) -> Bool {
        if let boolean = value.boolean { return boolean }
        throw refusal(value, type, "true or false")
    }

    /// The value's own JSON.
    private func custom(_ value: JSONValue) throws(GroupDocumentError) -> neuron_ws_text_t {
        let json: ByteBuffer
        do throws(EncodingError) { json = try JSONText.compact(value) } catch { throw .noMemory }
        return neuron_ws_text_t(
            data: try GroupDocumentError.given(json.withBytes { arena.copy($0) }), length: json.count)
    }

    /// A text, borrowed from the document; or raw bytes as an array of them.
    private func text(_ value: JSONValue, _ type: neuron_ws_type_t) throws(GroupDocumentError) -> neuron_ws_text_t {
        if value.kind == .array {
            let bytes = try elements(value, type, "a text, or an array of bytes", of: UInt8.self)
            return neuron_ws_text_t(
                data: UnsafeRawPointer(bytes).assumingMemoryBound(to: CChar.self), length: value.count)
        }
        guard value.kind == .string, LargeIntegers.value(of: value) == nil else {
            throw refusal(value, type, "a text, or an array of bytes")
        }
        return neuron_ws_text_t(data: try kept(value), length: json_string_length(value.pointer))
    }

    /// A text as it may be kept as long as the arena.
    private func kept(_ value: JSONValue) throws(GroupDocumentError) -> UnsafePointer<CChar>? {
        guard let text = value.utf8 else { return nil }
        return borrowsTexts
            ? json_string_value(value.pointer) : try GroupDocumentError.given(arena.copy(text))
    }

    /// Calls `body` for each element, which puts it into the arena's memory at its place.
    private func forEach<Element: BitwiseCopyable>(
        _ array: JSONValue, of: Element.Type, _ read: (JSONValue) throws(GroupDocumentError) -> Element
    ) throws(GroupDocumentError) -> UnsafeMutablePointer<Element> {
        let room = try GroupDocumentError.given(arena.elements(array.count, of: Element.self))
        for index in 0..<array.count {
            guard let element = array[index] else { continue }
            room[index] = try read(element)
        }
        return room
    }

    private func elements<Number: FixedWidthInteger & BitwiseCopyable>(
        _ value: JSONValue, _ type: neuron_ws_type_t, _ takes: String, of: Number.Type
    ) throws(GroupDocumentError) -> UnsafeMutablePointer<Number> {
        guard value.kind == .array else { throw refusal(value, type, takes) }
        return try forEach(value, of: Number.self) { element throws(GroupDocumentError) in try integer(element, type) }
    }

    private func integers<Number: FixedWidthInteger & BitwiseCopyable>(
        _ value: JSONValue, _ type: neuron_ws_type_t, of: Number.Type
    ) throws(GroupDocumentError) -> neuron_ws_array_t {
        let numbers = try elements(value, type, "an array of integers", of: Number.self)
        return neuron_ws_array_t(data: UnsafeRawPointer(numbers), count: value.count)
    }

    private func array(_ value: JSONValue, _ type: neuron_ws_type_t) throws(GroupDocumentError) -> neuron_ws_array_t {
        switch type {
        case .NEURON_WS_TYPE_BYTES, .NEURON_WS_TYPE_ARRAY_UINT8: return try integers(value, type, of: UInt8.self)
        case .NEURON_WS_TYPE_ARRAY_INT8: return try integers(value, type, of: Int8.self)
        case .NEURON_WS_TYPE_ARRAY_INT16: return try integers(value, type, of: Int16.self)
        case .NEURON_WS_TYPE_ARRAY_UINT16: return try integers(value, type, of: UInt16.self)
        case .NEURON_WS_TYPE_ARRAY_INT32: return try integers(value, type, of: Int32.self)
        case .NEURON_WS_TYPE_ARRAY_UINT32: return try integers(value, type, of: UInt32.self)
        case .NEURON_WS_TYPE_ARRAY_INT64: return try integers(value, type, of: Int64.self)
        case .NEURON_WS_TYPE_ARRAY_UINT64: return try integers(value, type, of: UInt64.self)
        default: return try otherArray(value, type)
        }
    }

    private func otherArray(
        _ value: JSONValue, _ type: neuron_ws_type_t
    ) throws(GroupDocumentError) -> neuron_ws_array_t {
        guard value.kind == .array else { throw refusal(value, type, "an array") }
        let data: UnsafeRawPointer
        switch type {
        case .NEURON_WS_TYPE_ARRAY_FLOAT:
            data = UnsafeRawPointer(
                try forEach(value, of: Float.self) { element throws(GroupDocumentError) in try float(element, type) })
        case .NEURON_WS_TYPE_ARRAY_DOUBLE:
            data = UnsafeRawPointer(
                try forEach(value, of: Double.self) { element throws(GroupDocumentError) in try double(element, type) })
        case .NEURON_WS_TYPE_ARRAY_BOOL:
            data = UnsafeRawPointer(
                try forEach(value, of: Bool.self) { element throws(GroupDocumentError) in try boolean(element, type) })
        default:
            data = UnsafeRawPointer(
                try forEach(value, of: UnsafePointer<CChar>?.self) { element throws(GroupDocumentError) in
                    guard element.utf8?.contains(0) == false else {
                        throw refusal(element, type, "an array of texts without U+0000")
                    }
                    return try kept(element)
                })
        }
        return neuron_ws_array_t(data: data, count: value.count)
    }
}
