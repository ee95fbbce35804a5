// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

/// What is told of a cache's messages, where its places and its work are the most of it.
extension CacheWorld {
    /// Where the messages are.
    var places: String {
        "backlog \(backlog.openID) \(backlog.nextID) \(backlog.endID) to \(backlog.frameEnd) of \(backlog.pacedEnd), "
            + "away \(cache.away), stored before \(cache.storedEnd)"
    }

    func text(of stamp: MessageStamp) -> String { "group \(stamp.group) of \(stamp.timeMilliseconds)" }

    /// - Returns: what is told of it; empty where nothing is told.
    func description(of work: borrowing SpoolWork) -> String {
        guard story.isTold else { return "" }
        var parts: [String] = []
        work.batches.forEach {
            parts.append("stores \($0.firstNumber)..<\($0.firstNumber + UInt64($0.messageCount))")
        }
        if work.loadsFrom > 0 { parts.append("loads from \(work.loadsFrom)") }
        if work.dropsBytes > 0 { parts.append("drops \(work.dropsBytes) bytes from \(work.dropsFrom)") }
        if work.expiresBefore > 0 { parts.append("lets expire from \(work.dropsFrom)") }
        if work.latest != nil { parts.append("looks for what is superseded from \(work.compactsFrom)") }
        if work.movesBefore < .max { parts.append("moves none from \(work.movesBefore)") }
        if !work.takenOut.isEmpty { parts.append("takes out \(work.takenOut)") }
        if !work.setAside.isEmpty { parts.append("sets aside \(work.setAside.map(\.id))") }
        return (parts + ["forgets before \(work.forgetsBefore)"]).joined(separator: ", ")
    }

    /// What became of it.
    func description(of result: borrowing SpoolResult) -> String {
        guard story.isTold else { return "" }
        var parts = [result.fault.map { "fails (\($0))" } ?? "is done"]
        parts += result.gone.map { "\($0.ids) are gone (\($0.outcome.rawValue))" }
        if !result.compacted.isEmpty { parts.append("\(result.compacted.map(\.ids)) were superseded") }
        if result.work.loadsFrom > 0 { parts.append("loaded before \(result.loadedEnd)") }
        return (parts + ["\(result.diskBytes) bytes lie there"]).joined(separator: ", ")
    }
}
