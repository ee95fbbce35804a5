// SPDX-License-Identifier: Apache-2.0
import CJansson
import WebSocketCore

/// The long texts of a JSON document, which jansson does not get to see: where its memory does not grow while it reads
/// one it leaves bytes out without a word, or reads beyond it. In their places stand short texts with a mark, and
/// white space behind, so that lines and columns stay; afterwards they are put into the tree.
///
/// Names are not replaced: one as long is refused.
struct LongTexts: ~Copyable {
    private struct Place: BitwiseCopyable {
        /// Of the inside, without its quotes.
        let start: Int
        let count: Int
    }

    /// A text of more bytes is long. What jansson takes for a shorter one is Swift's and its own risk.
    static let byteCountMin = 16 * 1024

    /// What jansson is to read.
    let document: ByteBuffer
    private var places = RawList<Place>()
    /// Nobody who writes a document knows where it will lie.
    private var nonce: UInt = 0

    /// The bytes of a mark, without its quotes: `\u0000`, the nonce and a number, both in 16 hexadecimal digits.
    private static let escapedBytes = 6 + 16 + 16
    private static let markBytes = 1 + 16 + 16

    enum Fault: Error {
        case noMemory
        /// Of so many bytes, at most `byteCountMin`.
        case nameTooLong(Int)

        var text: String {
            switch self {
            case .noMemory: "memory is exhausted"
            case .nameTooLong(let count): "a name has \(count) bytes, at most \(LongTexts.byteCountMin) are taken"
            }
        }
    }

    /// Nil: there are none.
    static func find(in bytes: UnsafeRawBufferPointer) throws(Fault) -> LongTexts? {
        if bytes.count <= byteCountMin { return nil }
        var index = 0
        while let range = next(in: bytes, from: &index) {
            if range.count <= byteCountMin { continue }
            var found = LongTexts(ByteBuffer(byteCountMax: bytes.count))
            try found.mark(bytes)
            return found
        }
        return nil
    }

    private init(_ document: ByteBuffer) { self.document = document }

    private mutating func mark(_ bytes: UnsafeRawBufferPointer) throws(Fault) {
        do throws(EncodingError) { try document.append(bytes) } catch { throw .noMemory }
        nonce = document.withBytes { UInt(bitPattern: $0.baseAddress) }
        var index = 0
        while let range = Self.next(in: bytes, from: &index) {
            if range.count <= Self.byteCountMin { continue }
            let behind = JSONScan.skipBlanks(bytes, from: index)
            if behind < bytes.count, bytes[behind] == UInt8(ascii: ":") { throw .nameTooLong(range.count) }
            // What is wrong with one jansson is to say.
            guard JSONChecker.isText(UnsafeRawBufferPointer(rebasing: bytes[range.lowerBound - 1..<index])) else {
                continue
            }
            mark(range)
            do throws(EncodingError) {
                try places.append(Place(start: range.lowerBound, count: range.count))
            } catch { throw .noMemory }
        }
    }

    /// The inside of the next text from `index` on, which goes behind it; nil: there is none that ends.
    private static func next(in bytes: UnsafeRawBufferPointer, from index: inout Int) -> Range<Int>? {
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") { index += 1 }
        guard index < bytes.count else { return nil }
        let start = index + 1
        index = JSONScan.endOfText(bytes, from: index)
        guard index > start, index <= bytes.count, bytes[index - 1] == UInt8(ascii: "\"") else { return nil }
        return start..<index - 1
    }

    private func mark(_ range: Range<Int>) {
        let number = places.count
        let nonce = nonce
        document.withMutableBytes { bytes in
            for index in range.lowerBound...range.upperBound { bytes[index] = 0x20 }
            for (offset, byte) in "\\u0000".utf8.enumerated() { bytes[range.lowerBound + offset] = byte }
            for digit in 0..<16 {
                bytes[range.lowerBound + 6 + digit] = Self.digit(nonce, digit)
                bytes[range.lowerBound + 22 + digit] = Self.digit(UInt(number), digit)
            }
            bytes[range.lowerBound + Self.escapedBytes] = UInt8(ascii: "\"")
        }
    }

    private static func digit(_ value: UInt, _ place: Int) -> UInt8 {
        ASCII.hexDigit(of: UInt8(truncatingIfNeeded: UInt64(value) >> UInt64(60 - place * 4) & 15))
    }

    // MARK: Putting them back

    /// The tree with the texts of `bytes`, which it was read from; consumes `root`. Nil: there is no memory, and `root`
    /// is gone.
    func restored(
        _ root: UnsafeMutablePointer<json_t>, _ bytes: UnsafeRawBufferPointer
    ) -> UnsafeMutablePointer<json_t>? {
        if let number = number(root) {
            neuron_ws_json_decref(root)
            return made(number, bytes)
        }
        if restore(in: root, bytes) { return root }
        neuron_ws_json_decref(root)
        return nil
    }

    /// Recursion ends with `JSONDocument.depthMax`.
    private func restore(in value: UnsafeMutablePointer<json_t>, _ bytes: UnsafeRawBufferPointer) -> Bool {
        if neuron_ws_json_typeof(value) == JSON_ARRAY {
            for index in 0..<json_array_size(value) {
                guard let element = json_array_get(value, index) else { continue }
                if let number = number(element) {
                    guard let text = made(number, bytes), json_array_set_new(value, index, text) == 0 else {
                        return false
                    }
                } else if !restore(in: element, bytes) {
                    return false
                }
            }
        }
        guard neuron_ws_json_typeof(value) == JSON_OBJECT else { return true }
        var iterator = json_object_iter(value)
        while let current = iterator {
            guard let member = json_object_iter_value(current) else { return true }
            if let number = number(member) {
                guard let text = made(number, bytes), json_object_iter_set_new(value, current, text) == 0 else {
                    return false
                }
            } else if !restore(in: member, bytes) {
                return false
            }
            iterator = json_object_iter_next(value, current)
        }
        return true
    }

    /// Which long text this one stands for.
    private func number(_ value: UnsafeMutablePointer<json_t>) -> Int? {
        guard neuron_ws_json_typeof(value) == JSON_STRING, json_string_length(value) == Self.markBytes,
            let text = UnsafeRawPointer(json_string_value(value)), text.load(as: UInt8.self) == 0
        else { return nil }
        var number: UInt = 0
        for digit in 0..<16 {
            let byte = text.load(fromByteOffset: 1 + digit, as: UInt8.self)
            guard byte == Self.digit(nonce, digit),
                let value = ASCII.hexDigit(text.load(fromByteOffset: 17 + digit, as: UInt8.self))
            else { return nil }
            number = number << 4 | UInt(value)
        }
        return number < UInt(places.count) ? Int(number) : nil
    }

    private func made(_ number: Int, _ bytes: UnsafeRawBufferPointer) -> UnsafeMutablePointer<json_t>? {
        let place = places[number]
        let raw = UnsafeRawBufferPointer(rebasing: bytes[place.start..<place.start + place.count])
        guard raw.contains(UInt8(ascii: "\\")) else {
            return json_stringn_nocheck(raw.baseAddress?.assumingMemoryBound(to: CChar.self), raw.count)
        }
        guard let room = malloc(raw.count) else { return nil }
        defer { free(room) }
        let count = JSONScan.decode(raw, into: room)
        return json_stringn_nocheck(room.assumingMemoryBound(to: CChar.self), count)
    }
}
