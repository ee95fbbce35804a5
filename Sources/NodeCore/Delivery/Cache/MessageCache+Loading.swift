// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// What comes back from disk, as far as there is room for it, and what is missing there.
extension MessageCache {
    func wantsLoad(_ backlog: borrowing Backlog) -> Bool {
        !away.isEmpty && away.lowerBound < backlog.liveStart && backlog.heldBytes <= windowBytes / 2
            && backlog.openCount <= windowCount / 2
    }

    func load(_ work: inout SpoolWork, _ backlog: borrowing Backlog) {
        work.loadsFrom = away.lowerBound
        work.loadsBytes = max(1, min(Self.workBytesMax, windowBytes - backlog.heldBytes, bytesOfWindow(backlog)))
    }

    /// What the messages take on disk that the window has room for, by what they take there in the middle.
    private func bytesOfWindow(_ backlog: borrowing Backlog) -> Int {
        let count = max(1, away.upperBound &- away.lowerBound)
        let room = windowCount - min(windowCount, backlog.openCount)
        let (bytes, isTooMuch) = room.multipliedReportingOverflow(by: max(1, awayBytes / count))
        return isTooMuch ? .max : Int(clamping: bytes)
    }

    mutating func takeLoaded(_ result: inout SpoolResult, _ backlog: inout Backlog) {
        let (end, bytes) = (result.loadedEnd, result.loadedBytes)
        loaded(exchange(&result.loaded, with: ChunkList()), end: end, bytes: bytes, &backlog)
    }

    private mutating func loaded(
        _ chunks: consuming ChunkList, end: UInt64, bytes: UInt64, _ backlog: inout Backlog
    ) {
        var expected = away.lowerBound
        var added: UInt64 = 0
        // What has its outcome in this life was told with its bytes.
        var told: UInt64 = 0
        while let chunk = chunks.removeFirst() {
            let bytesBefore = UInt64(chunk.used)
            // A file may say anything.
            chunk.removeMessages(before: expected)
            guard chunk.count > 0, chunk.firstID >= expected, chunk.endNumber <= away.upperBound else {
                freed.append(chunk)
                continue
            }
            guard let rest = withoutHoles(chunk) else { continue }
            miss(expected..<max(expected, chunk.firstID))
            expected = chunk.endNumber
            var list = ChunkList()
            let addedBefore = added
            for each in rest {
                added += UInt64(each.used)
                list.append(each)
            }
            if expected > foundEnd { told += bytesBefore - (added - addedBefore) }
            backlog.add(list)
            let foundBefore = min(expected, foundEnd)
            if adopted.lowerBound < foundBefore { backlog.mayHaveArrived(adopted.lowerBound..<foundBefore) }
        }
        let end = min(max(expected, end), away.upperBound)
        miss(expected..<end)
        away = end..<away.upperBound
        let bytes = bytes - min(bytes, told)
        // Of the first batch some may have their outcome.
        strayBytes += bytes - min(bytes, added)
        awayBytes -= min(awayBytes, bytes)
        // None is framed before its time has come, whoever looks next.
        if settings.resendInterval > 0 { backlog.pace(end, frameEnd: backlog.frameEnd) }
        passHoles()
    }

    /// These are nowhere: the file was damaged, or a commit was done that seemed to have failed. Those of an earlier
    /// life may have had their outcome there.
    mutating func miss(_ ids: Range<UInt64>) {
        if ids.isEmpty { return }
        for rest in holes.rest(of: ids) { missWhole(rest) }
    }

    private mutating func missWhole(_ ids: Range<UInt64>) {
        let found = ids.lowerBound..<max(ids.lowerBound, min(ids.upperBound, foundEnd))
        if !found.isEmpty { skipped.append(found) }
        guard found.upperBound < ids.upperBound else { return }
        conclude(found.upperBound..<ids.upperBound, .NEURON_WS_DROPPED_LOST, bytes: 0)
    }
}
