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
    public static let stepBytesMax = 256 * 1024
    /// Of the setting.
    public static let memberBytesMax = 128

    private enum Pass { case look, check, validate, numbers }

    private var bytes: UnsafeRawBufferPointer
    private let member: [UInt8]
    private let stream: [UInt8]
    private let start: Int
    private let isArray: Bool
    private var pass = Pass.look
    private var checker: JSONChecker
    private var look: MemberSearch
    /// The element of the array that comes next.
    private var elementStart: Int
    /// The numbers that are being read: from here on to the end of their array; nil: the next document's.
    private var numbers: Range<Int>?
    private var isForeign = false
    /// The document that is being looked through; nil: none.
    private var scan: MemberScan?

    /// nil: it does not begin like one.
    public init?(_ bytes: UnsafeRawBufferPointer, member: [UInt8], stream: [UInt8]) {
        let first = ByteOrderMark.begins(bytes) ? ByteOrderMark.byteCount : 0
        let start = JSONScan.skipBlanks(bytes, from: first)
        guard start < bytes.count, bytes[start] == UInt8(ascii: "{") || bytes[start] == UInt8(ascii: "[") else {
            return nil
        }
        self.bytes = bytes
        self.member = member
        self.stream = stream
        self.start = start
        isArray = bytes[start] == UInt8(ascii: "[")
        elementStart = isArray ? start + 1 : start
        checker = JSONChecker(ByteOrderMark.skipped(bytes))
        // In an array the first document tells what all of it is.
        let object = isArray ? JSONScan.skipBlanks(bytes, from: start + 1) : start
        guard object < bytes.count, bytes[object] == UInt8(ascii: "{") else { return nil }
        look = MemberSearch(from: object)
    }

    /// The message's bytes have been copied there.
    public mutating func move(to bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count == self.bytes.count, "that is another message")
        self.bytes = bytes
        checker.move(to: ByteOrderMark.skipped(bytes))
    }

    /// The next step. - Parameter found: is called with each number, in the order of the document.
    public mutating func step(byteCount: Int = stepBytesMax, _ found: (Number) -> Void) -> Step {
        switch pass {
        case .look:
            guard look.scan(bytes, byteCount: byteCount, member: member) else { return .unfinished }
            guard look.hasMember else { return .notOne }
            pass = .check
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
            guard let range = numbers else {
                guard beginDocument(found) else { return .finished }
                left -= look(byteCount: left, found)
                continue
            }
            let begin = JSONScan.skipBlanks(bytes, from: range.lowerBound)
            guard begin < range.upperBound, bytes[begin] != UInt8(ascii: "]") else {
                numbers = nil
                continue
            }
            // What is no number may be as long as all of it.
            let end = Self.isDigit(bytes[begin]) ? JSONScan.endOfValue(bytes, from: begin) : begin
            guard end > begin else {
                found(nil)
                return .finished
            }
            found(number(begin..<end).map { isForeign ? .foreign($0) : .single($0) })
            var behind = JSONScan.skipBlanks(bytes, from: end)
            if behind < bytes.count, bytes[behind] == UInt8(ascii: ",") { behind += 1 }
            numbers = behind..<range.upperBound
            left -= behind - range.lowerBound
        }
        return .unfinished
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    /// Goes on with the document whose turn it is, or with the next. - Returns: false: there are no more.
    private mutating func beginDocument(_ found: (Number?) -> Void) -> Bool {
        if scan != nil { return true }
        guard elementStart < bytes.count else { return false }
        let begin = JSONScan.skipBlanks(bytes, from: elementStart)
        guard begin < bytes.count, bytes[begin] != UInt8(ascii: "]") else { return false }
        guard bytes[begin] == UInt8(ascii: "{") else {
            found(nil)
            return false
        }
        scan = MemberScan(from: begin)
        return true
    }

    /// - Returns: so many bytes were looked at.
    private mutating func look(byteCount: Int, _ found: (Number?) -> Void) -> Int {
        guard var scan else { return 1 }
        let before = scan.index
        let isOver = scan.step(bytes, byteCount: byteCount, member: member, stream: stream)
        self.scan = isOver ? nil : scan
        if isOver {
            var behind = JSONScan.skipBlanks(bytes, from: scan.index)
            if behind < bytes.count, bytes[behind] == UInt8(ascii: ",") { behind += 1 }
            elementStart = isArray ? behind : bytes.count
            isForeign = scan.isForeign
            begin(scan.value, found)
        }
        return max(1, scan.index - before)
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
        if range.count > 20 { return nil }
        var value: UInt64 = 0
        for index in range {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            let (product, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, isTooMuch) = product.addingReportingOverflow(UInt64(digit))
            if isTooLarge || isTooMuch { return nil }
            value = sum
        }
        return value
    }
}
