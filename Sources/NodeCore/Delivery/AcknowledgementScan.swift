// SPDX-License-Identifier: Apache-2.0
/// Looks through an object of what is JSON, in steps: where its member's value lies, and whether its stream is another.
/// Of members of one name the last one counts.
struct MemberScan {
    private enum Name { case other, member, stream }

    private static let streamMember: StaticString = "stream"

    /// Of the next byte; at the end behind the object.
    private(set) var index: Int
    private(set) var value: Range<Int>?
    private(set) var isForeign = false
    private var open = 0
    private var name = Name.other
    private var awaitsName = false
    private var awaitsValue = false
    private var valueStart = 0

    /// - Parameter start: of the opening brace.
    init(from start: Int) { index = start }

    /// - Returns: whether it has come to the object's end.
    mutating func step(_ bytes: UnsafeRawBufferPointer, byteCount: Int, member: [UInt8], stream: [UInt8]) -> Bool {
        let limit = min(bytes.count, index + max(1, byteCount))
        while index < limit {
            let byte = bytes[index]
            if awaitsValue, open == 1, !JSONScan.isBlank(byte) {
                awaitsValue = false
                valueStart = index
            }
            switch byte {
            case UInt8(ascii: "\""):
                let begin = index
                index = JSONScan.endOfText(bytes, from: index)
                guard open == 1, awaitsName else { continue }
                awaitsName = false
                name = Self.name(
                    UnsafeRawBufferPointer(rebasing: bytes[begin + 1..<max(begin + 1, index - 1)]), member)
                continue
            case UInt8(ascii: ":") where open == 1: awaitsValue = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                open += 1
                if open == 1 { awaitsName = true }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                open -= 1
                if open <= 0 {
                    endValue(bytes, stream)
                    index += 1
                    return true
                }
            case UInt8(ascii: ",") where open == 1:
                endValue(bytes, stream)
                awaitsName = true
            default: break
            }
            index += 1
        }
        return index >= bytes.count
    }

    private static func name(_ name: UnsafeRawBufferPointer, _ member: [UInt8]) -> Name {
        if JSONScan.withName(name, bytesMax: member.count, { $0.elementsEqual(member) }) { return .member }
        return JSONScan.isName(name, streamMember) ? .stream : .other
    }

    /// A value ends in front of `index`.
    private mutating func endValue(_ bytes: UnsafeRawBufferPointer, _ stream: [UInt8]) {
        defer { name = .other }
        if name == .other { return }
        var end = index
        while end > valueStart, JSONScan.isBlank(bytes[end - 1]) { end -= 1 }
        if name == .member { value = valueStart..<end }
        if name == .stream {
            isForeign = !Self.isText(UnsafeRawBufferPointer(rebasing: bytes[valueStart..<end]), stream)
        }
    }

    private static func isText(_ value: UnsafeRawBufferPointer, _ text: [UInt8]) -> Bool {
        guard value.count >= 2, value[0] == UInt8(ascii: "\"") else { return false }
        let inside = UnsafeRawBufferPointer(rebasing: value[1..<value.count - 1])
        return JSONScan.withName(inside, bytesMax: text.count) { $0.elementsEqual(text) }
    }
}

/// Looks for a member of an object's root, in steps. It does not check the JSON.
struct MemberSearch {
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
