// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// Reads what a server's application says it has: a JSON object that holds the setting `ack-member`, or an array of
/// such.
///
/// `{"ack":17}` says: message 17 and all with lower numbers. `{"ack":[17,19]}` says: these alone. With `"stream"` it
/// speaks of that stream's messages only.
///
/// Four passes, each in steps of so many bytes, so that a message of a million numbers keeps nobody waiting: whether it
/// is one at all, whether it is JSON, whether each number is one, and then number by number. Nothing is kept but places
/// in the bytes, which its owner keeps; nothing counts before all of it is as it should be.
public struct AcknowledgementReader {
    /// What a step came to.
    public enum Step: Equatable, Sendable {
        /// To be called again.
        case unfinished
        /// It holds no acknowledgement: the message is somebody else's.
        case notOne
        /// Why it is none, though it looks like one: nothing of it counts.
        case malformed(String)
        case finished
    }

    /// One number of it.
    public enum Number: Equatable, Sendable {
        /// This one and those below.
        case through(UInt64)
        case single(UInt64)
        /// It is another stream's.
        case foreign(UInt64)
    }

    /// Bytes of one step.
    public static let stepBytesMax = 64 * 1024
    /// Of the setting.
    public static let memberBytesMax = 128

    private enum Pass { case look, check, validate, numbers }

    private let bytes: UnsafeRawBufferPointer
    private let member: [UInt8]
    private let stream: [UInt8]
    private let start: Int
    /// The member and the stream's name.
    private let places: PlaceSet
    private let isArray: Bool
    private var pass = Pass.look
    private var checker: JSONChecker
    private var look: PlaceScan
    /// The element of the array that comes next.
    private var elementStart: Int
    /// The numbers that are being read: from here on to the end of their array; nil: the next document's.
    private var numbers: Range<Int>?
    private var isForeign = false
    /// The document that is being looked through; nil: none.
    private var scan: PlaceScan?

    /// nil: it does not begin like one. The bytes stay as they are as long as this does.
    public init?(_ bytes: UnsafeRawBufferPointer, member: [UInt8], stream: [UInt8]) {
        guard let start = JSONScan.beginning(of: bytes),
            bytes[start] == UInt8(ascii: "{") || bytes[start] == UInt8(ascii: "[")
        else { return nil }
        isArray = bytes[start] == UInt8(ascii: "[")
        // In an array the first document tells what all of it is.
        let first = isArray ? JSONScan.next(bytes, from: start + 1) : start
        guard let object = first, bytes[object] == UInt8(ascii: "{") else { return nil }
        self.bytes = bytes
        self.member = member
        self.stream = stream
        self.start = start
        places = PlaceSet([JSONPointer(member: member), Self.streamMember])
        elementStart = isArray ? start + 1 : start
        checker = JSONChecker(ByteOrderMark.skipped(bytes))
        look = PlaceScan(places, from: object)
    }

    private static let streamMember = JSONPointer(member: Array("stream".utf8))

    /// The next step. - Parameter found: is called with each number, in the order of the document.
    public mutating func step(byteCount: Int = stepBytesMax, _ found: (Number) -> Void) -> Step {
        switch pass {
        case .look:
            let isOver = look.step(bytes, byteCount: byteCount)
            if look.isNamed(0) { pass = .check } else if isOver { return .notOne }
        case .check:
            do throws(JSONError) {
                if try checker.check(byteCount: byteCount) { pass = .validate }
            } catch { return .malformed("it is no JSON: \(error.text)") }
        case .validate:
            var isWhole = true
            let step = readNumbers(byteCount: byteCount) { if $0 == nil { isWhole = false } }
            if !isWhole {
                let name = ForeignText(member).shown()
                return .malformed("a value of \"\(name)\" is no number of a message, or an object has none")
            }
            if step == .unfinished { break }
            pass = .numbers
            elementStart = isArray ? start + 1 : start
            numbers = nil
        case .numbers: return readNumbers(byteCount: byteCount) { if let number = $0 { found(number) } }
        }
        return .unfinished
    }

    /// - Parameter found: nil: something stands there that is no number.
    private mutating func readNumbers(byteCount: Int, _ found: (Number?) -> Void) -> Step {
        var left = max(1, byteCount)
        while left > 0 {
            if let range = numbers {
                numbers = readNumber(range, &left, found)
            } else if scan != nil {
                left -= look(byteCount: left, found)
            } else if !beginDocument(&left, found) {
                return .finished
            }
        }
        return .unfinished
    }

    /// The next byte or number of an array that has been checked.
    /// - Returns: where it goes on; nil: it is at its end.
    private func readNumber(_ range: Range<Int>, _ left: inout Int, _ found: (Number?) -> Void) -> Range<Int>? {
        let begin = range.lowerBound
        guard begin < range.upperBound, bytes[begin] != UInt8(ascii: "]") else { return nil }
        if Self.separates(bytes[begin]) {
            left -= 1
            return begin + 1..<range.upperBound
        }
        // What is no number may be as long as all of it.
        var end = begin
        while end < range.upperBound, end - begin <= Self.digitsMax, ASCII.isDigit(bytes[end]) { end += 1 }
        let isWhole = end < range.upperBound && (Self.separates(bytes[end]) || bytes[end] == UInt8(ascii: "]"))
        left -= max(1, end - begin)
        found(isWhole ? number(begin..<end).map { isForeign ? .foreign($0) : .single($0) } : nil)
        return max(end, begin + 1)..<range.upperBound
    }

    /// Of a number of 64 bits.
    private static let digitsMax = 20

    private static func separates(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ",") || JSONScan.isBlank(byte) }

    /// Goes to the next document. - Returns: false: there are no more.
    private mutating func beginDocument(_ left: inout Int, _ found: (Number?) -> Void) -> Bool {
        while elementStart < bytes.count, Self.separates(bytes[elementStart]) {
            elementStart += 1
            left -= 1
            if left <= 0 { return true }
        }
        guard elementStart < bytes.count, bytes[elementStart] != UInt8(ascii: "]") else { return false }
        guard bytes[elementStart] == UInt8(ascii: "{") else {
            found(nil)
            return false
        }
        scan = PlaceScan(places, from: elementStart)
        return true
    }

    /// - Returns: so many bytes were looked at.
    private mutating func look(byteCount: Int, _ found: (Number?) -> Void) -> Int {
        guard var scan else { return 1 }
        let before = scan.index
        let isOver = scan.step(bytes, byteCount: byteCount)
        self.scan = isOver ? nil : scan
        if isOver {
            elementStart = isArray ? scan.index : bytes.count
            isForeign = scan.value(at: 1).map { !isStream($0) } ?? false
            begin(scan.value(at: 0), found)
        }
        return max(1, scan.index - before)
    }

    private func isStream(_ value: Range<Int>) -> Bool {
        guard value.count >= 2, bytes[value.lowerBound] == UInt8(ascii: "\"") else { return false }
        let inside = UnsafeRawBufferPointer(rebasing: bytes[value.lowerBound + 1..<value.upperBound - 1])
        return JSONScan.withName(inside, bytesMax: stream.count) { $0.elementsEqual(stream) }
    }

    private mutating func begin(_ value: Range<Int>?, _ found: (Number?) -> Void) {
        guard let value, !value.isEmpty else { return found(nil) }
        if bytes[value.lowerBound] == UInt8(ascii: "[") {
            numbers = value.lowerBound + 1..<value.upperBound
        } else {
            found(number(value).map { isForeign ? .foreign($0) : .through($0) })
        }
    }

    /// nil: it is no number of a message.
    private func number(_ range: Range<Int>) -> UInt64? {
        range.count > Self.digitsMax ? nil : ASCII.decimal(bytes[range])
    }
}
