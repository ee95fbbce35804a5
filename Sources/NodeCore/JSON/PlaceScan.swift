// SPDX-License-Identifier: Apache-2.0
/// Looks through a document for the values at all places of a set, in one pass that is made in steps: so that neither
/// the number of places nor the size of a message keeps anybody waiting.
///
/// Of members of one name the last one counts, at each level. The document need not be whole JSON: its texts and
/// numbers are not looked into, and where it is cut off, or has no order on the way to a place, what was found
/// before counts.
///
/// Invariant: there are as many levels as the place that is deepest has tokens, at most.
public struct PlaceScan {
    /// Bytes of one step.
    public static let stepBytesMax = 64 * 1024
    /// To look at one place takes as long as so many bytes.
    private static let placeBytes = 4
    /// A step may be so much more work than its bytes: then it ends before them.
    private static let workPerByte = 5

    private enum Expected: UInt8 { case name, colon, value, endOfScalar, separator }

    /// An object or array on the way to some of the places.
    private struct Level {
        let isObject: Bool
        /// Those that lie in it.
        let places: UInt32
        /// A bit for each name that is asked for: of most others one look tells that they are none.
        let names: UInt64
        var expected: Expected
        /// Those at the present member or element, or in it.
        var present: UInt32 = 0
        var valueStart = 0
        var element: Int32 = 0
        /// The next element that is asked for.
        var elementAsked: Int32 = 0
    }

    public let places: PlaceSet
    /// Of the next byte; at the end behind the root.
    private(set) var index: Int
    /// The work that it has been so far, in bytes: what was read, names as often as they were, and each place at each
    /// member, element or bracket at which it was looked at.
    public private(set) var workBytes = 0
    private var levels: [Level] = []
    private var found: [Range<Int>?]
    /// Places that are the name of a member of which there was one, whatever its value is.
    private var named: UInt32 = 0
    private var isOver = false
    private var isInText = false
    /// The text is a name, and begins there.
    private var nameStart: Int?
    /// Brackets that are open below the last level.
    private var nested = 0

    /// - Parameter start: where the root begins, or blanks or a byte order mark before it.
    public init(_ places: PlaceSet, from start: Int = 0) {
        self.places = places
        index = start
        found = Array(repeating: nil, count: places.pointers.count)
    }

    /// Where the value is, once it is over; nil: there is none.
    public func value(at place: Int) -> Range<Int>? { found[place] }

    /// A member of the name with which this place ends has begun there.
    func isNamed(_ place: Int) -> Bool { named >> UInt32(place) & 1 == 1 }

    /// Looks at so many bytes more. The bytes are the same at each step, wherever they lie.
    /// - Returns: whether it is over.
    public mutating func step(_ bytes: UnsafeRawBufferPointer, byteCount: Int = stepBytesMax) -> Bool {
        let start = index
        let limit = byteCount < bytes.count - index ? index + max(1, byteCount) : bytes.count
        let workMax = workBytes + (limit - start) * (Self.workPerByte - 1)
        if index == 0, ByteOrderMark.begins(bytes) { index = ByteOrderMark.byteCount }
        while index < limit, !isOver, workBytes <= workMax {
            if isInText {
                passText(bytes, limit)
            } else if nested > 0 {
                passNested(bytes, limit)
            } else {
                passLevel(bytes, limit)
            }
        }
        workBytes += index - start
        return isOver || index >= bytes.count
    }

    /// There is no order in it.
    private mutating func breakOff() { isOver = true }

    // MARK: What does not count

    /// The rest of a text.
    private mutating func passText(_ bytes: UnsafeRawBufferPointer, _ limit: Int) {
        var index = index
        while index < limit {
            // Eight bytes at a time, as long as none is a quote or a backslash.
            if index &+ 8 <= limit, JSONScan.isPlain(bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)) {
                index &+= 8
                continue
            }
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                self.index = index + 1
                return textEnded(bytes)
            }
            index &+= byte == UInt8(ascii: "\\") ? 2 : 1
        }
        self.index = min(index, bytes.count)
    }

    /// What lies deeper than any place.
    private mutating func passNested(_ bytes: UnsafeRawBufferPointer, _ limit: Int) {
        var index = index
        var nested = nested
        defer {
            self.index = index
            self.nested = nested
        }
        while index < limit {
            let byte = bytes[index]
            index &+= 1
            switch byte {
            case UInt8(ascii: "\""):
                isInText = true
                return
            case UInt8(ascii: "{"), UInt8(ascii: "["): nested &+= 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                nested &-= 1
                if nested == 0 { return endValue(at: index) }
            default: break
            }
        }
    }

    private mutating func textEnded(_ bytes: UnsafeRawBufferPointer) {
        isInText = false
        if nested > 0 { return }
        guard let start = nameStart else { return endValue(at: index) }
        nameStart = nil
        begin(named: UnsafeRawBufferPointer(rebasing: bytes[start..<index - 1]))
    }

    // MARK: What does

    /// The next token of the last level.
    private mutating func passLevel(_ bytes: UnsafeRawBufferPointer, _ limit: Int) {
        if let level = levels.last, level.expected == .endOfScalar {
            while index < limit, !Self.endsScalar(bytes[index]) { index += 1 }
            // What comes behind it may be in the next step.
            if index < limit { endValue(at: index) }
            return
        }
        while index < limit, JSONScan.isBlank(bytes[index]) { index += 1 }
        guard index < limit else { return }
        let byte = bytes[index]
        guard let level = levels.last else {
            guard byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") else { return breakOff() }
            return open(byte, places.all)
        }
        let closing = level.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
        switch level.expected {
        case .name where byte == UInt8(ascii: "\""):
            isInText = true
            nameStart = index + 1
            index += 1
        case .colon where byte == UInt8(ascii: ":"):
            levels[levels.count - 1].expected = .value
            index += 1
        case .separator where byte == UInt8(ascii: ","):
            levels[levels.count - 1].expected = level.isObject ? .name : .value
            if !level.isObject { nextElement() }
            index += 1
        case .name where byte == closing, .separator where byte == closing: close()
        case .value where byte == closing && !level.isObject: close()
        case .value: beginValue(byte, level)
        default: breakOff()
        }
    }

    private static func endsScalar(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") || JSONScan.isBlank(byte)
    }

    private mutating func beginValue(_ byte: UInt8, _ level: Level) {
        let last = levels.count - 1
        levels[last].valueStart = index
        switch byte {
        case UInt8(ascii: "\""):
            isInText = true
            index += 1
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            var deeper: UInt32 = 0
            count(level.present)
            forEach(level.present) { if !places.isLast($0, last) { deeper |= 1 << UInt32($0) } }
            if deeper != 0 { return open(byte, deeper) }
            nested = 1
            index += 1
        case UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "}"), UInt8(ascii: "]"): breakOff()
        default: levels[last].expected = .endOfScalar
        }
    }

    private mutating func open(_ bracket: UInt8, _ inside: UInt32) {
        let isObject = bracket == UInt8(ascii: "{")
        var names: UInt64 = 0
        count(inside)
        if isObject { forEach(inside) { names |= 1 << (places.token($0, levels.count).hash & 63) } }
        levels.append(
            Level(isObject: isObject, places: inside, names: names, expected: isObject ? .name : .value))
        if !isObject { lookAtElement() }
        index += 1
    }

    private mutating func close() {
        levels.removeLast()
        index += 1
        if levels.isEmpty { isOver = true } else { endValue(at: index) }
    }

    /// The value of the last level's present member or element.
    private mutating func endValue(at end: Int) {
        let last = levels.count - 1
        levels[last].expected = .separator
        let range = levels[last].valueStart..<end
        count(levels[last].present)
        forEach(levels[last].present) { if places.isLast($0, last) { found[$0] = range } }
    }

    private mutating func nextElement() {
        levels[levels.count - 1].element &+= 1
        lookAtElement()
    }

    private mutating func lookAtElement() {
        let last = levels.count - 1
        let level = levels[last]
        levels[last].present = 0
        guard level.element == level.elementAsked else { return }
        var present: UInt32 = 0
        var next = Int32.max
        count(level.places)
        forEach(level.places) { place in
            let element = places.token(place, last).element
            if element == level.element { present |= 1 << UInt32(place) }
            if element > level.element { next = min(next, element) }
        }
        levels[last].present = present
        levels[last].elementAsked = next
    }

    /// Of an earlier member of that name nothing counts.
    private mutating func begin(named name: UnsafeRawBufferPointer) {
        let last = levels.count - 1
        let present = matching(name, levels[last])
        levels[last].expected = .colon
        levels[last].present = present
        count(present)
        forEach(present) { place in
            found[place] = nil
            if places.isLast(place, last) { named |= 1 << UInt32(place) }
        }
    }

    private mutating func matching(_ name: UnsafeRawBufferPointer, _ level: Level) -> UInt32 {
        // Escaped, a character takes six bytes.
        guard name.count <= places.nameBytesMax * 6 else { return 0 }
        workBytes += name.count
        guard name.contains(UInt8(ascii: "\\")) else { return matching(plain: name, level) }
        workBytes += name.count
        return JSONScan.decoded(name).withUnsafeBytes { matching(plain: $0, level) }
    }

    private mutating func matching(plain name: UnsafeRawBufferPointer, _ level: Level) -> UInt32 {
        guard name.count <= places.nameBytesMax else { return 0 }
        workBytes += name.count
        let hash = JSONPointer.Token.hash(name)
        guard level.names >> (hash & 63) & 1 == 1 else { return 0 }
        count(level.places)
        let depth = levels.count - 1
        var first: Int?
        var matching: UInt32 = 0
        var rest = level.places
        while rest != 0 {
            let place = rest.trailingZeroBitCount
            rest &= rest - 1
            let token = places.token(place, depth)
            guard token.hash == hash, token.name.count == name.count else { continue }
            // What the places have in common is compared once.
            if let first {
                guard places.agree(first, place, depth) else { continue }
            } else {
                workBytes += name.count
                guard token.name.elementsEqual(name) else { continue }
                first = place
            }
            matching |= 1 << UInt32(place)
        }
        return matching
    }

    /// Each of these places is looked at.
    private mutating func count(_ places: UInt32) { workBytes += places.nonzeroBitCount * Self.placeBytes }
}

private func forEach(_ places: UInt32, _ body: (Int) -> Void) {
    var rest = places
    while rest != 0 {
        body(rest.trailingZeroBitCount)
        rest &= rest - 1
    }
}
