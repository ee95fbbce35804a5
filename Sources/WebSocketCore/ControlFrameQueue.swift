/// The control frames that wait to be written, in order (RFC 6455 §5.5). Bounded: at most one Pong, `pingsMax` Pings
/// and one Close, which is always the last.
struct ControlFrameQueue: Sendable {
    /// A ninth Ping replaces the newest one: whoever waits for that Pong gets the later one, which says no less.
    static let pingsMax = 8

    private struct Entry: Sendable {
        var opcode: Opcode
        var payload: ControlPayload
    }

    private var entries: [Entry] = []
    private(set) var hasClose = false

    var isEmpty: Bool { entries.isEmpty }

    mutating func queuePing(_ payload: ControlPayload) {
        guard !hasClose else { return }
        var pings = 0
        var newest = 0
        for index in 0..<entries.count where entries[index].opcode == .ping {
            pings += 1
            newest = index
        }
        if pings == Self.pingsMax { entries.remove(at: newest) }
        entries.append(Entry(opcode: .ping, payload: payload))
    }

    mutating func queuePong(_ payload: ControlPayload) {
        guard !hasClose else { return }
        // RFC 6455 §5.5.3: of several unanswered Pings only the newest need be answered.
        for index in 0..<entries.count where entries[index].opcode == .pong {
            entries[index].payload = payload
            return
        }
        entries.append(Entry(opcode: .pong, payload: payload))
    }

    mutating func queueClose(_ payload: ControlPayload) {
        guard !hasClose else { return }
        hasClose = true
        entries.append(Entry(opcode: .close, payload: payload))
    }

    /// What came of writing.
    struct Written {
        var close = false
        var ranOutOfKeys = false
    }

    /// Writes the frames that fit as a whole at `output[position...]`, oldest first, and advances `position`.
    mutating func write(
        role: Role, into output: UnsafeMutableRawBufferPointer, at position: inout Int, keys: inout MaskingKeyPool
    ) -> Written {
        var result = Written()
        guard let base = output.baseAddress, position >= 0 else { return result }
        var done = 0
        while done < entries.count {
            let payload = entries[done].payload
            let masked = role == .client
            let needed = FrameHeader.encodedLength(payloadBytes: payload.count, masked: masked) + payload.count
            guard output.count - position >= needed else { break }
            var key: MaskingKey?
            if masked {
                key = keys.next()
                guard key != nil else {
                    result.ranOutOfKeys = true
                    break
                }
            }
            let header = FrameHeader(
                opcode: entries[done].opcode, payloadLength: UInt64(payload.count), maskingKey: key)
            let target = base + position + header.write(into: base + position)
            payload.withBytes { bytes in
                bytes.withUnsafeBytes { source in
                    Masking.copy(from: source, to: target, key: key ?? MaskingKey(word: 0), offset: 0)
                }
            }
            position += needed
            if entries[done].opcode == .close { result.close = true }
            done += 1
        }
        entries.removeFirst(done)
        return result
    }
}
