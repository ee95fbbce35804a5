// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import WebSocketCore

/// What goes out between the backlog's messages: one command or heartbeat at a time, in as many frames as the settings
/// say, never compressed. Part of a `Connection`; the next one has another.
///
/// Invariant: `leaving` is in the order of the stream.
struct CommandLane {
    /// What goes out.
    final class Item {
        /// 0: a heartbeat.
        let id: UInt64
        let kind: neuron_ws_kind_t
        let bytes: EventBytes
        /// Nil: a heartbeat.
        let command: Command?
        /// Where it lies in the stream.
        fileprivate var start: UInt64 = 0
        fileprivate var end: UInt64 = 0
        fileprivate var next: Item?

        init(id: UInt64, kind: neuron_ws_kind_t, bytes: EventBytes, command: Command?) {
            self.id = id
            self.kind = kind
            self.bytes = bytes
            self.command = command
        }
    }

    /// Those that are framed and have not left, one behind the other: a send buffer holds thousands of small ones, for
    /// which an array would be large, and long to take the first from.
    private final class Leaving {
        var first: Item?
        private var last: Item?

        // One behind the other: a chain of many would let go of itself as deep as it is long.
        deinit { while removeFirst() != nil {} }

        func append(_ item: Item) {
            if let last { last.next = item } else { first = item }
            last = item
        }

        func removeFirst() -> Item? {
            guard let item = first else { return nil }
            first = item.next
            item.next = nil
            if first == nil { last = nil }
            return item
        }
    }

    private var item: Item?
    private var offset = 0
    private var frameBytes = 0
    /// The item's first frame has begun.
    private(set) var isMidMessage = false
    /// Where the item begins in the stream, once it has begun.
    private var itemStart: UInt64 = 0
    private let leaving = Leaving()

    /// It takes another.
    var isEmpty: Bool { item == nil }

    mutating func put(_ new: Item) {
        precondition(item == nil, "the one before has not gone")
        item = new
    }

    /// Frames what there is into `output` from `position` on.
    /// - Parameter streamOffset: the place of `output[0]` in the connection's stream of bytes.
    /// - Returns: `allFramed`: it takes another.
    mutating func fill(
        _ output: UnsafeMutableRawBufferPointer, at position: inout Int, streamOffset: UInt64,
        writer: inout FrameWriter, keys: inout MaskingKeyPool, fragmentBytesMax: Int, stopsAtFrameEnd: Bool
    ) -> Outbox.Stop {
        while let item {
            let left = item.bytes.count &- offset
            if !writer.isMidFrame {
                let bytes = fragmentBytesMax > 0 && left > fragmentBytesMax ? fragmentBytesMax : left
                guard output.count &- position >= FrameHeader.encodedLength(payloadBytes: bytes, masked: true) else {
                    return .bufferFull
                }
                // RFC 6455 §5.3: a fresh key for each frame.
                guard let key = keys.next() else { return .outOfKeys }
                // RFC 6455 §5.4: the first frame names the kind, the others are continuations.
                let opcode: Opcode =
                    isMidMessage ? .continuation : item.kind == .NEURON_WS_BINARY ? .binary : .text
                let frameStart = position
                _ = writer.startFrame(
                    opcode: opcode, fin: bytes == left, rsv1: false, payloadBytes: bytes, maskingKey: key,
                    into: output, at: &position)
                frameBytes = bytes
                if !isMidMessage { itemStart = streamOffset &+ UInt64(frameStart) }
                isMidMessage = true
            }
            let whole = item.bytes.withUnsafeBytes { message in
                writer.continueFrame(
                    payload: UnsafeRawBufferPointer(rebasing: message[offset..<offset &+ frameBytes]), into: output,
                    at: &position)
            }
            guard whole else { return .bufferFull }
            offset &+= frameBytes
            if offset == item.bytes.count {
                item.start = itemStart
                item.end = streamOffset &+ UInt64(position)
                leaving.append(item)
                self.item = nil
                offset = 0
                isMidMessage = false
            }
            if stopsAtFrameEnd, isMidMessage { return .frameEnded }
        }
        return .allFramed
    }

    /// The commands that have left in part, as `written` bytes of the stream have.
    func begun(written: UInt64) -> [UInt64] {
        var ids: [UInt64] = []
        var next = leaving.first
        while let item = next, item.start < written {
            if item.end > written, item.id > 0 { ids.append(item.id) }
            next = item.next
        }
        if let item, isMidMessage, itemStart < written, item.id > 0 { ids.append(item.id) }
        return ids
    }

    /// The next that has left whole, as `written` bytes of the stream have.
    mutating func takeLeft(written: UInt64) -> Item? {
        guard let first = leaving.first, first.end <= written else { return nil }
        return leaving.removeFirst()
    }
}
