// SPDX-License-Identifier: Apache-2.0
/// The control frames that wait to be written, in order (RFC 6455 §5.5). Bounded: at most `pongsMax` Pongs, `pingsMax`
/// Pings and one Close, which is always the last.
struct ControlFrameQueue: Sendable {
    /// A ninth Ping replaces the newest one: whoever waits for that Pong gets the later one, which says no less.
    static let pingsMax = 8
    /// Each Ping gets its Pong, as peers like it that count them; past that many, one for the newest has to do.
    static let pongsMax = 16

    private struct Entry: Sendable {
        var opcode: Opcode
        var payload: ControlPayload
    }

    private var entries: [Entry] = []
    private(set) var hasClose = false

    var isEmpty: Bool { entries.isEmpty }

    mutating func queuePing(_ payload: ControlPayload) {
        guard !hasClose else { return }
        let (count, newest) = waiting(.ping)
        if count == Self.pingsMax { entries.remove(at: newest) }
        entries.append(Entry(opcode: .ping, payload: payload))
    }

    mutating func queuePong(_ payload: ControlPayload) {
        guard !hasClose else { return }
        let (count, newest) = waiting(.pong)
        if count == Self.pongsMax {
            // RFC 6455 §5.5.3: of several unanswered Pings only the newest need be answered.
            entries[newest].payload = payload
        } else {
            entries.append(Entry(opcode: .pong, payload: payload))
        }
    }

    /// How many of this kind wait, and the place of the last.
    private func waiting(_ opcode: Opcode) -> (count: Int, newest: Int) {
        var count = 0
        var newest = 0
        for index in 0..<entries.count where entries[index].opcode == opcode {
            count += 1
            newest = index
        }
        return (count, newest)
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
