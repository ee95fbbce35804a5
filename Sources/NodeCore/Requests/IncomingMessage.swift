// SPDX-License-Identifier: Apache-2.0
/// A message from the server, taken apart: a document, or an array whose members are documents.
///
/// It borrows the message's bytes; its owner keeps them while it is used.
public struct IncomingMessage {
    /// What one document is.
    public enum Part {
        /// Not known yet: the document is so large that it takes several steps. So many bytes were looked at.
        case unfinished(byteCount: Int)
        case request(Request)
        /// With its bytes' place in the message: where it has no uuid they are the host's too.
        case malformed(MalformedRequest, Range<Int>)
        /// The settings do not allow it.
        case refused(RefusedRequest)
        /// There is no room for it at present.
        case busy(BusyRequest)
        /// No request: these bytes of the message are the host's.
        case other(Range<Int>)
    }

    private let bytes: UnsafeRawBufferPointer
    private let isArray: Bool
    /// The array is cut off, or followed by something: nothing of it is carried out.
    private var isBroken = false
    private var position: Int
    /// Nothing of the array has been read.
    private var isFirst = true
    /// The large document whose step is next; of a message that is one document, from the beginning on.
    private var pending: Pending?
    /// The array's member that begins at its place, as far as it was looked at.
    private var begun: RequestOutline?
    /// Whether there is anything in a large array for us is still being found out.
    private var look: Look?

    private struct Pending {
        let range: Range<Int>
        var outline: DocumentOutline
        var checker: JSONChecker?
        var isChecked = false
        var parser: RequestParser?
    }

    /// One pass over an array, before anything of it counts.
    private struct Look {
        var memberCount = 0
        var mayHoldRequests = false
        /// Copies of what the second pass needs from the beginning.
        let position: Int
    }

    private enum Member {
        /// So many bytes of it were looked at.
        case unfinished(Int)
        /// With an outline if it is an object.
        case whole(Range<Int>, RequestOutline?)
    }

    /// A document of more bytes takes several steps, so that the others have their turn in between.
    public static let stepBytesMax = 256 * 1024

    private init(_ bytes: UnsafeRawBufferPointer, from start: Int, isArray: Bool) {
        self.bytes = bytes
        self.isArray = isArray
        position = start
    }

    /// Nil: nothing in it looks like a request, and the whole message is the host's. One look at the first byte decides
    /// for what is not JSON, one pass over the bytes for what is.
    public static func make(_ bytes: UnsafeRawBufferPointer) -> IncomingMessage? {
        guard let start = JSONScan.beginning(of: bytes) else { return nil }
        if bytes[start] == UInt8(ascii: "{") {
            var message = IncomingMessage(bytes, from: bytes.count, isArray: false)
            var outline = outline(bytes, from: start)
            outline.scan(byteCount: stepBytesMax)
            if outline.isWhole, !outline.looksLikeRequest, !outline.members.has(.operation) { return nil }
            // With the blanks before it: what is no request is the host's as it came.
            message.pending = Pending(range: 0..<bytes.count, outline: DocumentOutline(outline))
            return message
        }
        guard bytes[start] == UInt8(ascii: "["), bytes.count <= RequestLimits.documentBytesMax else { return nil }
        var message = IncomingMessage(bytes, from: start + 1, isArray: true)
        message.look = Look(position: start + 1)
        if message.isLarge { return message }
        var isOver = false
        while !isOver { isOver = message.lookFurther() == nil }
        return message.isAtEnd ? nil : message
    }

    /// The next step of the first pass over an array; nil: it is over. Where nothing looks like a request the message
    /// is at its end then.
    /// - Returns: how many bytes were looked at.
    private mutating func lookFurther() -> Int? {
        guard var look else { return nil }
        let start = position
        while position - start < Self.stepBytesMax {
            guard let member = nextMember() else {
                self.look = nil
                position = look.mayHoldRequests ? look.position : bytes.count
                isFirst = true
                return nil
            }
            guard case .whole(_, let outline) = member else { return Self.stepBytesMax }
            look.memberCount += 1
            if let outline, outline.looksLikeRequest || outline.members.has(.operation) { look.mayHoldRequests = true }
            self.look = look
            if look.memberCount > RequestLimits.arrayMembersMax {
                self.look = nil
                position = bytes.count
                return nil
            }
        }
        // Of a large member all but the end was told before.
        return min(position - start, Self.stepBytesMax)
    }

    /// There are no bytes left; before that there may be no document left either.
    public var isAtEnd: Bool { position >= bytes.count && pending == nil && look == nil }

    /// It is worth asking before the first step whether there is time for it.
    public var isLarge: Bool { bytes.count > Self.stepBytesMax }

    /// No more is looked at of a document that is too long anyhow: its uuid is found there, or not at all.
    private static func outline(_ bytes: UnsafeRawBufferPointer, from start: Int) -> RequestOutline {
        RequestOutline(
            begunAt: min(start, RequestLimits.documentBytesMax),
            UnsafeRawBufferPointer(rebasing: bytes.prefix(RequestLimits.documentBytesMax)))
    }

    /// The next document; nil: there are no more.
    public mutating func next(_ rules: RequestRules) -> Part? {
        if let document = pending {
            pending = nil
            return part(document, rules)
        }
        if look != nil {
            if let byteCount = lookFurther() { return .unfinished(byteCount: byteCount) }
            // Nothing in it is for us.
            if position == bytes.count { return .other(0..<bytes.count) }
        }
        switch nextMember() {
        case nil: return nil
        case .unfinished(let byteCount): return .unfinished(byteCount: byteCount)
        case .whole(let range, nil): return .other(range)
        case .whole(let range, let outline?):
            return part(Pending(range: range, outline: DocumentOutline(outline)), rules)
        }
    }

    private mutating func part(_ document: Pending, _ rules: RequestRules) -> Part {
        var document = document
        while document.outline.scan(byteCount: Self.stepBytesMax, rules) {
            // What is short is looked at as a whole.
            guard document.range.count > Self.stepBytesMax else { continue }
            pending = document
            return .unfinished(byteCount: Self.stepBytesMax)
        }
        let (range, outline) = (document.range, document.outline)
        guard Self.isRequest(outline, rules) else { return .other(range) }
        if isBroken {
            return .malformed(
                MalformedRequest(echo: outline.echo(rules), reason: "the array that holds the request is not JSON"),
                range)
        }
        let text = UnsafeRawBufferPointer(rebasing: bytes[range])
        if !document.isChecked {
            if document.checker == nil, let malformed = RequestParser.checkLimits(text, outline, rules) {
                return .malformed(malformed, range)
            }
            var checker = document.checker ?? JSONChecker(ByteOrderMark.skipped(text))
            do throws(JSONError) {
                document.isChecked = try checker.check(byteCount: Self.stepBytesMax)
            } catch {
                let reason = "the request is not JSON: \(error.text)"
                return .malformed(MalformedRequest(echo: outline.echo(rules), reason: reason), range)
            }
            if !document.isChecked || range.count > Self.stepBytesMax {
                document.checker = checker
                pending = document
                return .unfinished(byteCount: Self.stepBytesMax)
            }
        }
        switch RequestParser.parse(text, outline, rules, document.parser) {
        case .unfinished(let parser):
            pending = document
            pending?.parser = parser
            pending?.isChecked = true
            return .unfinished(byteCount: 0)
        case .request(let request): return .request(request)
        case .malformed(let malformed): return .malformed(malformed, range)
        case .refused(let refused): return .refused(refused)
        case .busy(let busy): return .busy(busy)
        }
    }

    /// Our own answers, sent back by the server, start no dialogue.
    private static func isRequest(_ outline: DocumentOutline, _ rules: RequestRules) -> Bool {
        if let operation = outline.operation(rules) { return !operation.isResponse }
        return rules.takesRequests && outline.root.looksLikeRequest
    }

    /// The array's next member, or a step towards it.
    private mutating func nextMember() -> Member? {
        guard isArray else { return nil }
        var start = JSONScan.skipBlanks(bytes, from: position)
        guard start < bytes.count, bytes[start] != UInt8(ascii: "]") else {
            finishArray(at: start)
            return nil
        }
        if begun == nil, bytes[start] == UInt8(ascii: ",") {
            if isFirst { isBroken = true }
            start = JSONScan.skipBlanks(bytes, from: start + 1)
        }
        isFirst = false
        guard start < bytes.count else {
            finishArray(at: start)
            return nil
        }
        var outline: RequestOutline?
        switch bytes[start] {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            var whole = begun ?? RequestOutline(begunAt: start, bytes)
            begun = nil
            whole.scan(byteCount: Self.stepBytesMax)
            guard whole.isWhole else {
                begun = whole
                // Its comma has been passed.
                position = start
                return .unfinished(Self.stepBytesMax)
            }
            if bytes[start] == UInt8(ascii: "{") { outline = whole }
            position = whole.end
        case UInt8(ascii: "\""):
            position = JSONScan.endOfText(bytes, from: start)
        default:
            position = start
            while position < bytes.count, bytes[position] != UInt8(ascii: ","), bytes[position] != UInt8(ascii: "]") {
                position += 1
            }
            // A comma where a member should be.
            if position == start {
                isBroken = true
                position = bytes.count
                return nil
            }
        }
        let behind = JSONScan.skipBlanks(bytes, from: position)
        if behind >= bytes.count || (bytes[behind] != UInt8(ascii: ",") && bytes[behind] != UInt8(ascii: "]")) {
            isBroken = true
        }
        return .whole(start..<position, outline)
    }

    /// Behind the closing bracket nothing may follow.
    private mutating func finishArray(at end: Int) {
        if end >= bytes.count || JSONScan.skipBlanks(bytes, from: end + 1) < bytes.count { isBroken = true }
        position = end
    }
}

extension IncomingMessage {
    /// Whether these bytes look like JSON in UTF-16, which is none (RFC 8259 §8.1) and goes unseen otherwise.
    public static func isUTF16(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count >= 2 else { return false }
        switch (bytes[0], bytes[1]) {
        case (0xFF, 0xFE), (0xFE, 0xFF), (0x7B, 0), (0x5B, 0), (0, 0x7B), (0, 0x5B): return true
        default: return false
        }
    }
}
