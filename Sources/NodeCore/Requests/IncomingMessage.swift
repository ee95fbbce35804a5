/// A message from the server, taken apart: a document, or an array whose members are documents (DESIGN §6).
///
/// It borrows the message's bytes; its owner keeps them while it is used.
public struct IncomingMessage {
    /// What one document is.
    public enum Part {
        case request(Request)
        /// With its bytes' place in the message: where it has no uuid they are the host's too.
        case malformed(MalformedRequest, Range<Int>)
        /// No request: these bytes of the message are the host's.
        case other(Range<Int>)
    }

    private var bytes: UnsafeRawBufferPointer
    private let isArray: Bool
    /// The array is cut off, or followed by something: nothing of it is carried out.
    private var isBroken = false
    private var position: Int
    /// Nothing of the array has been read.
    private var isFirst = true

    private init(_ bytes: UnsafeRawBufferPointer, from start: Int, isArray: Bool) {
        self.bytes = bytes
        self.isArray = isArray
        position = start
    }

    /// Nil: nothing in it looks like a request, and the whole message is the host's. One look at the first byte decides
    /// for what is not JSON, one pass over the bytes for what is.
    public static func make(_ bytes: UnsafeRawBufferPointer) -> IncomingMessage? {
        let start = RequestOutline.skipBlanks(bytes, from: 0)
        guard start < bytes.count else { return nil }
        if bytes[start] == UInt8(ascii: "{") {
            guard RequestOutline(bytes, from: start).mayBeRequest else { return nil }
            return IncomingMessage(bytes, from: start, isArray: false)
        }
        guard bytes[start] == UInt8(ascii: "[") else { return nil }
        var message = IncomingMessage(bytes, from: start + 1, isArray: true)
        var look = message
        var mayHoldRequests = false
        var count = 0
        while let member = look.nextMember() {
            count += 1
            if count > RequestLimits.arrayMembersMax { return nil }
            if member.outline?.mayBeRequest == true { mayHoldRequests = true }
        }
        guard mayHoldRequests else { return nil }
        message.isBroken = look.isBroken
        return message
    }

    /// The message's bytes have been copied there.
    public mutating func move(to bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count == self.bytes.count, "that is another message")
        self.bytes = bytes
    }

    /// There are no bytes left; before that there may be no document left either.
    public var isAtEnd: Bool { position >= bytes.count }

    /// The next document; nil: there are no more.
    public mutating func next() -> Part? {
        guard isArray else {
            guard position < bytes.count else { return nil }
            let start = position
            position = bytes.count
            // With the blanks before it: what is no request is the host's as it came.
            return part(0..<bytes.count, RequestOutline(bytes, from: start))
        }
        guard let member = nextMember() else { return nil }
        guard let outline = member.outline else { return .other(member.range) }
        return part(member.range, outline)
    }

    private func part(_ range: Range<Int>, _ outline: RequestOutline) -> Part {
        guard outline.mayBeRequest else { return .other(range) }
        if isBroken {
            guard outline.looksLikeRequest else { return .other(range) }
            return .malformed(
                MalformedRequest(uuid: outline.echo, reason: "the array that holds the request is not JSON"), range)
        }
        return RequestParser.parse(UnsafeRawBufferPointer(rebasing: bytes[range]), outline).part(at: range)
    }

    /// The array's next member, with an outline if it is an object.
    private mutating func nextMember() -> (range: Range<Int>, outline: RequestOutline?)? {
        var start = RequestOutline.skipBlanks(bytes, from: position)
        guard start < bytes.count, bytes[start] != UInt8(ascii: "]") else {
            finishArray(at: start)
            return nil
        }
        if bytes[start] == UInt8(ascii: ",") {
            if isFirst { isBroken = true }
            start = RequestOutline.skipBlanks(bytes, from: start + 1)
        }
        isFirst = false
        guard start < bytes.count else {
            finishArray(at: start)
            return nil
        }
        var outline: RequestOutline?
        switch bytes[start] {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            let whole = RequestOutline(bytes, from: start)
            if bytes[start] == UInt8(ascii: "{") { outline = whole }
            position = whole.end
        case UInt8(ascii: "\""):
            position = RequestOutline.endOfText(bytes, from: start)
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
        let behind = RequestOutline.skipBlanks(bytes, from: position)
        if behind >= bytes.count || (bytes[behind] != UInt8(ascii: ",") && bytes[behind] != UInt8(ascii: "]")) {
            isBroken = true
        }
        return (start..<position, outline)
    }

    /// Behind the closing bracket nothing may follow.
    private mutating func finishArray(at end: Int) {
        if end >= bytes.count || RequestOutline.skipBlanks(bytes, from: end + 1) < bytes.count { isBroken = true }
        position = end
    }
}

/// What looked like a request and could not be understood.
public struct MalformedRequest: Equatable, Sendable {
    /// Its uuid as JSON, to be echoed; nil where it has none.
    public let uuid: [UInt8]?
    /// For people: what is wrong with it.
    public let reason: String
}
