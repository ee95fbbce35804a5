// SPDX-License-Identifier: Apache-2.0
/// What goes out in front of a `Backlog`'s messages on an open connection: the setting `resend-priority` `live-first`.
///
/// It holds copies of messages that came while others waited, with the bytes of large ones in common. Each lies at its
/// place behind those as well, in the `MessageCache`, whose business they remain until they have their outcome: when
/// the connection ends the copies are let go, and nothing is lost with them. What has its outcome here is taken out
/// there, by what `ended` says.
///
/// In order are the messages here among each other, and those of the backlog among each other.
///
/// Loop-bound; belongs to one backlog.
public final class LiveLane {
    /// So many bytes go out in a row while others wait; then one of those does.
    static let bytesInRowMax = 16 * 1024
    /// Of more rows of numbers that are known to have been here those are forgotten that nobody can ask for.
    private static let takenMax = 256

    var messages = Backlog()
    /// The connection is open, and the setting asks for it.
    var isOpen = false
    /// What has its outcome, as the cache has not yet noted.
    var ended = FirstInFirstOut<Backlog.Run>()
    /// What was here on this connection.
    private(set) var taken = NumberRanges()
    /// The frame that goes out is one of these.
    private(set) var hasTurn = false
    /// All before this one are framed; 0: none are.
    private(set) var framedEnd: UInt64 = 0
    private var bytesInRow = 0
    private var bytesMax = 0
    private var wasFull = false

    /// There was no room for one, and half of it is not free yet.
    private var isFull: Bool { wasFull && messages.heldBytes > bytesMax / 2 }

    /// What comes now goes out next.
    var isReady: Bool { isOpen && messages.isRestFramed && !isFull }

    /// The first without outcome; `.max`: there is none.
    var start: UInt64 { messages.isEmpty ? .max : messages.openID }

    /// Takes a copy of what comes behind all that it has taken. - Returns: false: there is no room for it.
    /// - Parameters:
    ///   - bytesMax: memory for all of them; a message that takes more goes alone.
    ///   - openID: of the others the first without outcome. An acknowledgement of what is older says nothing new of
    ///     them, whatever was here.
    func take(_ chunk: MessageChunk, bytesMax: Int, openID: UInt64) -> Bool {
        self.bytesMax = bytesMax
        let hasRoom = messages.isEmpty || !isFull && messages.heldBytes + chunk.memoryBytes <= bytesMax
        guard hasRoom, let copy = Self.copy(of: chunk) else {
            wasFull = true
            return false
        }
        wasFull = false
        if taken.count > Self.takenMax { taken.remove(before: min(messages.openID, openID)) }
        taken.insert(copy.firstID..<copy.endNumber)
        var list = ChunkList()
        list.append(copy)
        messages.add(list)
        return true
    }

    private static func copy(of chunk: MessageChunk) -> MessageChunk? {
        // All nodes would wait for a large one.
        if chunk.isOneLarge { return chunk.shared() }
        guard let copy = MessageChunk.fitting(chunk.imageBytes), chunk.copy(from: chunk.firstID, into: copy) else {
            return nil
        }
        return copy
    }

    /// Whose turn it is, where one frame has ended. - Parameter rest: the others may go out too.
    func takeTurn(isBusy: Bool, rest: Bool) {
        let hasOwn = !messages.isRestFramed
        // A message that was begun goes on.
        if isBusy, hasTurn ? hasOwn : rest { return }
        hasTurn = hasOwn && (!rest || bytesInRow < Self.bytesInRowMax)
    }

    /// So many bytes were framed of whose turn it is.
    func framed(_ byteCount: Int) {
        if hasTurn { framedEnd = messages.nextID }
        if byteCount > 0 { bytesInRow = hasTurn ? min(bytesInRow, Self.bytesInRowMax) + byteCount : 0 }
    }

    func nextAction(_ countMax: UInt64) -> Backlog.Action? {
        guard let action = messages.nextAction(countMax: countMax) else { return nil }
        switch consume action {
        case .conclude(let run):
            ended.append(run)
            // Nothing waits for it any more.
            if messages.isEmpty { messages.wake() }
            return .conclude(run)
        case .release(let chunks): return .release(chunks)
        }
    }

    /// The connection is gone, and with it what was here.
    func end() -> ChunkList {
        isOpen = false
        (hasTurn, bytesInRow, framedEnd, wasFull) = (false, 0, 0, false)
        taken.removeAll()
        var chunks = messages.takeAll()
        chunks.append(exchange(&messages.freed, with: ChunkList()))
        messages = Backlog()
        return chunks
    }
}
