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
    private static let streamMember: StaticString = "stream"

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
                guard let element = nextDocument() else { return .finished }
                left -= element.count
                beginDocument(element, found)
                continue
            }
            let begin = JSONScan.skipBlanks(bytes, from: range.lowerBound)
            guard begin < range.upperBound, bytes[begin] != UInt8(ascii: "]") else {
                numbers = nil
                continue
            }
            let end = JSONScan.endOfValue(bytes, from: begin)
            guard end > begin else { return .finished }
            found(number(begin..<end).map { isForeign ? .foreign($0) : .single($0) })
            var behind = JSONScan.skipBlanks(bytes, from: end)
            if behind < bytes.count, bytes[behind] == UInt8(ascii: ",") { behind += 1 }
            numbers = behind..<range.upperBound
            left -= behind - range.lowerBound
        }
        return .unfinished
    }

    /// The document whose turn it is; nil: there are no more.
    private mutating func nextDocument() -> Range<Int>? {
        guard elementStart < bytes.count else { return nil }
        let begin = JSONScan.skipBlanks(bytes, from: elementStart)
        guard begin < bytes.count, bytes[begin] != UInt8(ascii: "]") else { return nil }
        let end = JSONScan.endOfValue(bytes, from: begin)
        guard end > begin else { return nil }
        var behind = JSONScan.skipBlanks(bytes, from: end)
        if behind < bytes.count, bytes[behind] == UInt8(ascii: ",") { behind += 1 }
        elementStart = isArray ? behind : bytes.count
        return begin..<end
    }

    private mutating func beginDocument(_ document: Range<Int>, _ found: (Number?) -> Void) {
        var value: Range<Int>?
        isForeign = false
        guard bytes[document.lowerBound] == UInt8(ascii: "{") else { return found(nil) }
        let (bytes, member, stream) = (bytes, member, stream)
        var isForeign = false
        let object = UnsafeRawBufferPointer(rebasing: bytes[document])
        JSONScan.forEachMember(object) { name, content in
            if JSONScan.withName(name, bytesMax: member.count, { $0.elementsEqual(member) }) {
                guard let base = bytes.baseAddress, let place = content.baseAddress else { return }
                let start = place - base
                value = start..<start + content.count
            } else if JSONScan.isName(name, Self.streamMember) {
                isForeign = !Self.isText(content, stream)
            }
        }
        self.isForeign = isForeign
        guard let value else { return found(nil) }
        if bytes[value.lowerBound] == UInt8(ascii: "[") {
            numbers = value.lowerBound + 1..<value.upperBound
        } else {
            found(number(value).map { isForeign ? .foreign($0) : .through($0) })
        }
    }

    private static func isText(_ value: UnsafeRawBufferPointer, _ text: [UInt8]) -> Bool {
        guard value.count >= 2, value[0] == UInt8(ascii: "\"") else { return false }
        let inside = UnsafeRawBufferPointer(rebasing: value[1..<value.count - 1])
        return JSONScan.withName(inside, bytesMax: text.count) { $0.elementsEqual(text) }
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

/// Looks for a member of an object's root, in steps. It does not check the JSON.
private struct MemberSearch {
    private var index: Int
    private var open = 0
    private var awaitsName = false
    private(set) var hasMember = false

    /// - Parameter start: of the opening brace.
    init(from start: Int) { index = start }

    /// - Returns: whether it is over: the member is found, or the object at its end.
    mutating func scan(_ bytes: UnsafeRawBufferPointer, byteCount: Int, member: [UInt8]) -> Bool {
        let limit = min(bytes.count, index + max(1, byteCount))
        while index < limit {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                let begin = index
                index = JSONScan.endOfText(bytes, from: index)
                guard open == 1, awaitsName else { continue }
                awaitsName = false
                let name = UnsafeRawBufferPointer(rebasing: bytes[begin + 1..<max(begin + 1, index - 1)])
                if JSONScan.withName(name, bytesMax: member.count, { $0.elementsEqual(member) }) {
                    hasMember = true
                    return true
                }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                open += 1
                if open == 1 { awaitsName = true }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                open -= 1
                if open <= 0 { return true }
            case UInt8(ascii: ",") where open == 1: awaitsName = true
            default: break
            }
            index += 1
        }
        return index >= bytes.count
    }
}
