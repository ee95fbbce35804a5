// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// What a message is, beside its bytes and its number.
public struct MessageStamp: Equatable, Sendable {
    /// RFC 6455 opcode: 1 text, 2 binary.
    public var kind: UInt8
    /// The time of the data, milliseconds since 1970 in UTC; kept from there to the year 2248, and cut to that.
    public var timeMilliseconds: Int64
    /// Which driver's group it comes from, by `GroupNumbers`; 0: none that is known.
    public var group: UInt16
    /// It answers a request of the server with this number (`ServerNumbers`), is no group's, and goes to no other
    /// server; 0: it goes to any.
    public var server: UInt16 = 0
    /// It bears its number: the setting `sequence`.
    public var isNumbered = false

    public init(kind: UInt8, timeMilliseconds: Int64, group: UInt16 = 0) {
        self.kind = kind
        self.timeMilliseconds = timeMilliseconds
        self.group = group
    }
}

/// One message as it lies in a chunk: this header of 16 bytes, then `byteCount` bytes, padded to 8.
///
/// Its number is not in it: the numbers of a chunk's messages follow each other from `MessageChunk.firstID` on.
struct MessageRecord {
    /// The last 32 bits of the place in the connection's byte stream right behind the message's last frame, once that
    /// is framed. What is compared with it is never 2 GiB away.
    var wireEnd: UInt32
    let byteCount: UInt32
    /// Bits 0 to 42 the time of the data in milliseconds, 43 to 47 flags, 48 to 63 the group, or of an answer the
    /// server.
    var packed: UInt64

    static let timeMask: UInt64 = 1 << 43 - 1
    /// It answers a request. Together with `refused`, and without a server: of one that is not connected.
    static let answer: UInt64 = 1 << 43
    static let binary: UInt64 = 1 << 44
    /// The host refused it: it is skipped.
    static let refused: UInt64 = 1 << 45
    /// before_send has seen it.
    static let inspected: UInt64 = 1 << 46
    /// It bears its number, and begins with it.
    static let numbered: UInt64 = 1 << 47

    init(byteCount: Int, stamp: MessageStamp) {
        wireEnd = 0
        self.byteCount = UInt32(truncatingIfNeeded: byteCount)
        let time = UInt64(truncatingIfNeeded: max(0, min(stamp.timeMilliseconds, Int64(Self.timeMask))))
        let place = stamp.server > 0 ? UInt64(stamp.server) << 48 | Self.answer : UInt64(stamp.group) << 48
        packed = place | (stamp.kind == 2 ? Self.binary : 0) | (stamp.isNumbered ? Self.numbered : 0) | time
    }

    func has(_ flag: UInt64) -> Bool { packed & flag != 0 }

    var stamp: MessageStamp {
        var stamp = MessageStamp(
            kind: has(Self.binary) ? 2 : 1, timeMilliseconds: Int64(packed & Self.timeMask), group: UInt16(group))
        stamp.server = UInt16(server)
        stamp.isNumbered = has(Self.numbered)
        return stamp
    }

    /// 0: it is of none that is known.
    var group: Int { has(Self.answer) ? 0 : Int(packed >> 48) }

    /// Whose request it answers; 0: it goes to any server.
    var server: Int { has(Self.answer) ? Int(packed >> 48) : 0 }

    /// Why it is left out; nil: it is not.
    var refusal: neuron_ws_outcome_t? {
        if !has(Self.refused) { return nil }
        return has(Self.answer) && server == 0 ? .NEURON_WS_DROPPED_OTHER_SERVER : .NEURON_WS_DROPPED_REFUSED
    }

    /// It answers a server that is not connected.
    mutating func markUntold() { packed = packed & (1 << 48 - 1) | Self.refused }

    static func size(byteCount: Int) -> Int { (MemoryLayout<MessageRecord>.size + byteCount + 7) & ~7 }
}
