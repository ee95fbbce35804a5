// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import WebSocketCore

/// The value of a tag to write that is an array or an object. A server decides how long it is: it is read some bytes at
/// a time, and what comes of it is as large as the host needs it.
///
/// An array of one kind becomes an array of that; what mixes kinds, or says nothing of them, stays JSON, without the
/// blanks between its tokens.
struct RequestValue {
    typealias Fault = RequestParser.Fault

    private struct Kinds: OptionSet {
        let rawValue: UInt8
        static let integers = Kinds(rawValue: 1)
        /// From 2^63 on.
        static let large = Kinds(rawValue: 2)
        static let reals = Kinds(rawValue: 4)
        static let booleans = Kinds(rawValue: 8)
        static let texts = Kinds(rawValue: 16)
    }

    private enum Stage {
        /// An array's elements are looked at.
        case kinds
        case elements(neuron_ws_type_t, UnsafeMutableRawPointer)
        /// JSON; so many bytes are written.
        case json(UnsafeMutableRawPointer, Int)
        /// The value is written as JSON from its beginning on.
        case beginsJSON
    }

    /// Reals are read as a short array of so many bytes at a time.
    private static let numbersBytes = 2048

    /// Where it stands in the document.
    private let range: Range<Int>
    private var stage: Stage
    private var position = 1
    private var kinds: Kinds = []
    private var count = 0
    /// Elements that are written.
    private var written = 0
    private var isInText = false
    private var isEscaped = false

    init(_ range: Range<Int>, isArray: Bool) {
        self.range = range
        stage = isArray ? .kinds : .beginsJSON
    }

    /// Reads on, until `bytes`, to which it adds what it reads, has reached a step's end.
    /// - Returns: true: it is read, and in the tag.
    mutating func read(
        _ document: RequestOutline, _ parser: RequestParser, bytes: inout Int, into tag: inout neuron_ws_tag_t
    ) throws(Fault) -> Bool {
        let value = document[range]
        while true {
            let start = position
            let end = start + max(1, RequestParser.bytesPerStep - bytes)
            let isRead: Bool
            switch stage {
            case .kinds: isRead = try readKinds(value, parser, to: end)
            case .elements(let type, let memory):
                isRead = try writeElements(value, parser, type, memory, to: end)
                if isRead {
                    tag.type = type
                    tag.value.array = neuron_ws_array_t(data: UnsafeRawPointer(memory), count: count)
                }
            case .beginsJSON:
                try parser.allow(value.count)
                stage = .json(try parser.taken(parser.arena.room(value.count)), 0)
                position = 0
                continue
            case .json(let memory, let length):
                isRead = writeJSON(value, memory, length, to: end)
                if isRead, case .json(_, let length) = stage {
                    memory.storeBytes(of: 0, toByteOffset: length, as: UInt8.self)
                    tag.type = .NEURON_WS_TYPE_CUSTOM
                    tag.value.text = neuron_ws_text_t(
                        data: UnsafePointer(memory.assumingMemoryBound(to: CChar.self)), length: length)
                }
            }
            bytes += max(0, position - start)
            if isRead { return true }
            if bytes >= RequestParser.bytesPerStep { return false }
        }
    }

    // MARK: Kinds

    /// - Returns: false: there is more to do.
    private mutating func readKinds(
        _ value: UnsafeRawBufferPointer, _ parser: RequestParser, to end: Int
    ) throws(Fault) -> Bool {
        while position < end {
            let start = JSONScan.skipBlanks(value, from: position)
            let kind = start < value.count ? Self.kind(value, at: start) : nil
            guard let kind, let element = JSONScan.nextElement(value, at: &position) else {
                if start < value.count, value[start] == UInt8(ascii: "]") {
                    try endKinds(parser)
                } else {
                    stage = .beginsJSON
                }
                return false
            }
            kinds.formUnion(kind == .integers ? try Self.numberKind(element) : kind)
            // To C a text ends at its first NUL.
            if kind == .texts, Self.holdsNUL(element) || kinds != .texts {
                stage = .beginsJSON
                return false
            }
            count += 1
        }
        return false
    }

    /// Of a number `.integers`; nil: it stays JSON.
    private static func kind(_ value: UnsafeRawBufferPointer, at start: Int) -> Kinds? {
        switch value[start] {
        case UInt8(ascii: "\""): .texts
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .booleans
        case let byte where byte == UInt8(ascii: "-") || ASCII.isDigit(byte): .integers
        default: nil
        }
    }

    private static func numberKind(_ number: UnsafeRawBufferPointer) throws(Fault) -> Kinds {
        for byte in number where byte == 0x2E || ASCII.lowercased(byte) == UInt8(ascii: "e") { return .reals }
        if integer(number) != nil { return .integers }
        guard number[0] != UInt8(ascii: "-"), ASCII.decimal(number[...]) != nil else {
            throw .malformed("\"value\" holds a number that is too large")
        }
        return .large
    }

    private static func integer(_ number: UnsafeRawBufferPointer) -> Int64? {
        let isNegative = number.first == UInt8(ascii: "-")
        guard let magnitude = ASCII.decimal(isNegative ? number[1...] : number[...]) else { return nil }
        if isNegative {
            return magnitude <= UInt64(1) << 63 ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil
        }
        return Int64(exactly: magnitude)
    }

    private static func holdsNUL(_ text: UnsafeRawBufferPointer) -> Bool {
        var index = 1
        while index < text.count - 1 {
            guard text[index] == UInt8(ascii: "\\") else {
                index += 1
                continue
            }
            if text[index + 1] == UInt8(ascii: "u"), JSONScan.unit(text, at: index + 2) == 0 { return true }
            index += 2
        }
        return false
    }

    private mutating func endKinds(_ parser: RequestParser) throws(Fault) {
        let type: neuron_ws_type_t
        switch kinds {
        case .integers: type = .NEURON_WS_TYPE_ARRAY_INT64
        case .booleans: type = .NEURON_WS_TYPE_ARRAY_BOOL
        case .texts: type = .NEURON_WS_TYPE_ARRAY_STRING
        default:
            // An ARRAY_UINT64 writes what is above 2^63-1 as the gateway does, negative; JSON keeps the number.
            guard kinds.contains(.reals), kinds.isDisjoint(with: [.booleans, .texts]) else {
                stage = .beginsJSON
                return
            }
            type = .NEURON_WS_TYPE_ARRAY_DOUBLE
        }
        let size = type == .NEURON_WS_TYPE_ARRAY_BOOL ? 1 : 8
        try parser.allow(count * size)
        stage = .elements(type, UnsafeMutableRawPointer(try parser.taken(parser.arena.room(count * size))))
        position = 1
    }

    // MARK: Elements

    private mutating func writeElements(
        _ value: UnsafeRawBufferPointer, _ parser: RequestParser, _ type: neuron_ws_type_t,
        _ memory: UnsafeMutableRawPointer, to end: Int
    ) throws(Fault) -> Bool {
        while written < count, position < end {
            if type == .NEURON_WS_TYPE_ARRAY_DOUBLE {
                try writeReals(value, parser, memory)
                continue
            }
            guard let element = JSONScan.nextElement(value, at: &position) else { return true }
            switch type {
            case .NEURON_WS_TYPE_ARRAY_INT64:
                memory.storeBytes(of: Self.integer(element) ?? 0, toByteOffset: written * 8, as: Int64.self)
            case .NEURON_WS_TYPE_ARRAY_BOOL:
                memory.storeBytes(of: element[0] == UInt8(ascii: "t"), toByteOffset: written, as: Bool.self)
            default:
                let inner = UnsafeRawBufferPointer(rebasing: element[1..<element.count - 1])
                let text =
                    inner.contains(UInt8(ascii: "\\")) ? try parser.decoded(inner).pointer : try parser.copied(inner)
                memory.storeBytes(of: text, toByteOffset: written * 8, as: UnsafePointer<CChar>.self)
            }
            written += 1
        }
        return written == count
    }

    /// Some of them, read as the numbers of other documents are.
    private mutating func writeReals(
        _ value: UnsafeRawBufferPointer, _ parser: RequestParser, _ memory: UnsafeMutableRawPointer
    ) throws(Fault) {
        let start = position
        var end = position
        while end - start < Self.numbersBytes, let element = JSONScan.nextElement(value, at: &position) {
            end = position
            // Behind the comma, if there is one.
            if let base = element.baseAddress, let valueBase = value.baseAddress {
                end = UnsafeRawPointer(base) - valueBase + element.count
            }
        }
        let text = [UInt8(ascii: "[")] + value[start..<end] + [UInt8(ascii: "]")]
        let result: Result<JSONValue, Fault> = text.withUnsafeBytes { bytes in
            do throws(Fault) { return .success(try parser.parsed(bytes)) } catch { return .failure(error) }
        }
        let numbers = try result.get()
        for index in 0..<numbers.count {
            guard written < count, let element = numbers[index] else { break }
            let number = element.number ?? LargeIntegers.value(of: element).map { Double($0) } ?? 0
            memory.storeBytes(of: number, toByteOffset: written * 8, as: Double.self)
            written += 1
        }
        if numbers.count == 0 { written = count }
    }

    // MARK: JSON

    private mutating func writeJSON(
        _ value: UnsafeRawBufferPointer, _ memory: UnsafeMutableRawPointer, _ length: Int, to end: Int
    ) -> Bool {
        var length = length
        let end = min(end, value.count)
        while position < end {
            let byte = value[position]
            position += 1
            if isInText {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else {
                    isInText = byte != UInt8(ascii: "\"")
                }
            } else if JSONScan.isBlank(byte) {
                continue
            } else {
                isInText = byte == UInt8(ascii: "\"")
            }
            memory.storeBytes(of: byte, toByteOffset: length, as: UInt8.self)
            length += 1
        }
        stage = .json(memory, length)
        return position == value.count
    }
}
