// SPDX-License-Identifier: Apache-2.0
/// Reads along what goes over a connection in one direction, and tells it line by line: the head of the opening
/// handshake (RFC 6455 §1.3), then each frame (§5.2). For people who look for a fault; it decides nothing, and whatever
/// comes is told as far as it can be.
///
/// No line holds a secret of the handshake: a query and the values of headers that are not known to be harmless are
/// shown as "…", and so is what the server was told, wherever it comes again, in two fragments too. Of what is
/// compressed (RFC 7692) nothing is shown but its length: whoever inflates it has the secrets. Nor is any left in
/// memory that it has read. Not to be copied: a copy reads on with the same bytes.
public struct StreamTrace: Sendable {
    /// A payload is told as far as that.
    public static let payloadBytesMax = 120
    /// So much of it is held: of a secret that begins in what is told, enough to know it.
    private static let payloadHeldMax = payloadBytesMax + SecretMask.beginningFormMax
    /// A head that is longer is none.
    private static let headBytesMax = 64 * 1024
    /// Nor is a line of one.
    private static let headLineBytesMax = 16 * 1024

    private enum State: Sendable { case head, header, payload, lost }

    /// Where in its direction a trace begins to read. Indirect, so that no case's unused bits are looked at.
    public indirect enum Place: Equatable, Sendable {
        /// The next byte is the first of a head.
        case head
        /// In a frame's header, of which these bytes have gone by; none: a frame begins.
        case header([UInt8])
        /// In a frame's payload, of which so many bytes are to come. They are counted, and not shown: what they are,
        /// and whether they end a secret, stands in what has gone by.
        case payload(left: UInt64)
        /// Nothing that comes is told.
        case nowhere
    }

    private var state = State.head
    /// Of a line of the head, or of a frame's header, as far as it has come.
    private let held = WipedBytes()
    private var headBytes = 0
    private var isStartLine = true
    private let payload = WipedBytes()
    private var left: UInt64 = 0
    private var length: UInt64 = 0
    /// The message's frames are not compressed; false: they are, or its beginning was not seen.
    private var isPlain = false
    /// What its frames had before the present one, and with it, as far as a secret reaches that ends in a later one.
    private let before = WipedBytes()
    private let recent = WipedBytes()
    private let secretReach: Int
    private static let secretReachMax = 64 * 1024

    private let mask: SecretMask

    public init(mask: SecretMask = .none, from place: Place = .head) {
        self.mask = mask
        secretReach = min(Self.secretReachMax, mask.byteCountMax * SecretForm.bytesPerByteMax)
        var begun: [UInt8] = []
        switch place {
        case .head: break
        case .header(let bytes):
            state = .header
            begun = bytes
        case .payload(let left):
            state = .payload
            self.left = left
            length = left
        case .nowhere: state = .lost
        }
        for byte in begun { held.append(byte) }
    }

    /// The lines that these bytes complete.
    public mutating func read(_ bytes: RawSpan) -> [String] {
        var lines: [String] = []
        var offset = 0
        while offset < bytes.byteCount {
            switch state {
            case .lost: return lines
            case .head:
                held.append(bytes.byte(at: offset))
                offset += 1
                headBytes += 1
                if held.last == 10 {
                    finishHeadLine(&lines)
                } else if headBytes > Self.headBytesMax || held.count > Self.headLineBytesMax {
                    let most = held.count > Self.headLineBytesMax ? Self.headLineBytesMax : Self.headBytesMax
                    let what = held.count > Self.headLineBytesMax ? "line in the head" : "head"
                    lines.append("a \(what) of more than \(most) bytes, which is none")
                    state = .lost
                }
            case .header:
                held.append(bytes.byte(at: offset))
                offset += 1
                guard held.count == headerLength else { continue }
                length = payloadLength
                left = length
                state = .payload
                beginFrame()
                if left == 0 { finishFrame(&lines) }
            case .payload:
                let count = Int(min(UInt64(bytes.byteCount - offset), left))
                let shown = held.isEmpty ? 0 : min(count, Self.payloadHeldMax - payload.count)
                for index in 0..<shown { payload.append(bytes.byte(at: offset + index)) }
                if !held.isEmpty, !isFinal, isPlain, !isControl { keepRecent(bytes, offset..<offset + count) }
                offset += count
                left -= UInt64(count)
                if left == 0 { finishFrame(&lines) }
            }
        }
        return lines
    }

    private mutating func begin(_ next: State) {
        state = next
        held.removeAll()
        payload.removeAll()
    }

    private mutating func finishFrame(_ lines: inout [String]) {
        lines.append(frameLine())
        if held.isEmpty || isFinal && !isControl { isPlain = false }
        begin(.header)
    }

    // MARK: The head

    private static let harmless: [StaticString] = [
        "host", "upgrade", "connection", "sec-websocket-key", "sec-websocket-version", "sec-websocket-accept",
        "sec-websocket-protocol", "sec-websocket-extensions", "origin", "user-agent", "server", "date", "content-type",
        "content-length", "retry-after",
    ]

    private mutating func finishHeadLine(_ lines: inout [String]) {
        if held.count == 2, held[0] == 13, !isStartLine { return begin(.header) }
        held.withBytes { bytes in
            var line = UnsafeRawBufferPointer(rebasing: bytes.dropLast())
            if line.last == 13 { line = UnsafeRawBufferPointer(rebasing: line.dropLast()) }
            if line.isEmpty { return }
            lines.append(isStartLine ? startLine(line) : headerLine(line))
            isStartLine = false
        }
        held.removeAll()
    }

    /// "GET /data?… HTTP/1.1", "HTTP/1.1 101 Switching Protocols"
    private func startLine(_ line: UnsafeRawBufferPointer) -> String {
        guard let query = line.firstIndex(of: 0x3F), let end = line.lastIndex(of: 0x20), query < end else {
            return masked(line[...]).shown(charactersMax: 500)
        }
        return masked(line[...query]).shown(charactersMax: 500) + "…" + masked(line[end...]).shown()
    }

    private func masked(_ bytes: Slice<UnsafeRawBufferPointer>) -> ForeignText {
        ForeignText.masked(UnsafeRawBufferPointer(rebasing: bytes), by: mask, bytesMax: bytes.count)
    }

    private func headerLine(_ line: UnsafeRawBufferPointer) -> String {
        guard let colon = line.firstIndex(of: 0x3A) else { return "…" }
        let name = line[..<colon]
        let isHarmless = Self.harmless.contains { known in
            guard known.utf8CodeUnitCount == name.count else { return false }
            var isSame = true
            for (index, byte) in name.enumerated() where ASCII.lowercased(byte) != known.utf8Start[index] {
                isSame = false
            }
            return isSame
        }
        let shown = isHarmless ? masked(line[line.index(after: colon)...]).shown(charactersMax: 500) : " …"
        return masked(name).shown() + ":" + shown
    }

    // MARK: A frame

    /// As far as the first two bytes say; 2 before they are there.
    private var headerLength: Int {
        guard held.count >= 2 else { return 2 }
        let extended = held[1] & 0x7F == 126 ? 2 : held[1] & 0x7F == 127 ? 8 : 0
        return 2 + extended + (held[1] & 0x80 == 0 ? 0 : 4)
    }

    private var payloadLength: UInt64 {
        let short = held[1] & 0x7F
        guard short >= 126 else { return UInt64(short) }
        var length: UInt64 = 0
        for index in 2..<(short == 126 ? 4 : 10) { length = length << 8 | UInt64(held[index]) }
        return length
    }

    private var isFinal: Bool { held[0] & 0x80 != 0 }
    private var isCompressed: Bool { held[0] & 0x40 != 0 }
    private var isControl: Bool { held[0] & 0x08 != 0 }
    private var opcode: Opcode? { Opcode(rawValue: held[0] & 0x0F) }

    /// The header has come.
    private mutating func beginFrame() {
        if isControl { return }
        if opcode != .continuation {
            isPlain = !isCompressed
            recent.removeAll()
        }
        recent.keepLast(secretReach)
        before.removeAll()
        before.append(recent)
    }

    /// What may be the beginning of a secret that ends in a later frame.
    private func keepRecent(_ bytes: RawSpan, _ range: Range<Int>) {
        guard secretReach > 0 else { return }
        let isMasked = held[1] & 0x80 != 0
        // Its place in the payload counts for the key.
        let start = Int(truncatingIfNeeded: (length - left) % 4)
        for index in range.suffix(secretReach) {
            let key = isMasked ? held[held.count - 4 + (start + index - range.lowerBound) % 4] : 0
            recent.append(bytes.byte(at: index) ^ key)
        }
        if recent.count > 2 * secretReach { recent.keepLast(secretReach) }
    }

    private func frameLine() -> String {
        if held.isEmpty { return "the rest of a frame, \(Self.byteCount(length))" }
        let isMasked = held[1] & 0x80 != 0
        if isMasked {
            let key = held.count - 4
            payload.withBytes { bytes in for index in bytes.indices { bytes[index] ^= held[key + index % 4] } }
        }
        var line = Self.name(opcode) + (isCompressed ? ", compressed" : "") + (isFinal ? "" : ", not the last frame")
        line += ", " + Self.byteCount(length)
        if payload.isEmpty || !isControl && !isPlain { return line }
        return line + ": " + shown(maskedPayload()) + (length > UInt64(Self.payloadBytesMax) ? "…" : "")
    }

    private func maskedPayload() -> [UInt8] {
        let all = WipedBytes(capacity: before.count + payload.count)
        if !isControl { all.append(before) }
        let start = all.count
        all.append(payload)
        // Where it goes on in the next frame, its last byte alone may be a secret's first.
        let isCut = !isControl && !isFinal && UInt64(payload.count) == length
        return all.withBytes {
            ForeignText.masked(
                UnsafeRawBufferPointer($0), start..<start + min(payload.count, Self.payloadBytesMax), by: mask,
                beginningMin: isCut ? 1 : SecretMask.beginningMin)
        }
    }

    private static func byteCount(_ count: UInt64) -> String { "\(count) byte" + (count == 1 ? "" : "s") }

    private static func name(_ opcode: Opcode?) -> String {
        switch opcode {
        case .continuation: "continuation"
        case .text: "text"
        case .binary: "binary"
        case .close: "close"
        case .ping: "ping"
        case .pong: "pong"
        case nil: "a frame of a reserved kind"
        }
    }

    private func shown(_ bytes: [UInt8]) -> String {
        if opcode == .text { return ForeignText(bytes).shown() }
        if opcode == .close, bytes.count >= 2 {
            let code = UInt16(bytes[0]) << 8 | UInt16(bytes[1])
            return "\(code) " + ForeignText(bytes[2...]).shown()
        }
        var text = ""
        var index = 0
        while index < min(bytes.count, 32) {
            // What stands for a secret is no bytes of the message.
            let isMasked = !mask.isEmpty && bytes[index...].starts(with: "…".utf8)
            text += (text.isEmpty ? "" : " ") + (isMasked ? "…" : Self.hex(bytes[index]))
            index += isMasked ? "…".utf8.count : 1
        }
        return text + (index < bytes.count ? " …" : "")
    }

    private static func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}
