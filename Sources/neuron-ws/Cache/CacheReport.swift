// SPDX-License-Identifier: Apache-2.0
/// `neuron-ws cache list` and `stat`.
extension CacheJob {
    // MARK: list

    func list() -> ExitStatus {
        var status = ExitStatus.success
        if isJSON {
            for cache in caches {
                if !cache.error.isEmpty { status = .failed }
                write(document(cache))
            }
            return status
        }
        if caches.isEmpty {
            Output.standard.writeLine("there are no caches in \(Self.shown(directory))")
            return .success
        }
        let readable = caches.filter { $0.error.isEmpty }
        if !readable.isEmpty { table(readable) }
        let counted = forEach { _ throws(LibraryError) in }
        return counted
    }

    private func table(_ caches: [CacheFacts]) {
        var rows = [["node", "messages", "bytes", "oldest", "newest", "poisoned"]]
        for cache in caches {
            rows.append([
                Self.shown(cache.node), Text.grouped(cache.messages), Text.grouped(cache.bytes),
                Self.time(cache.oldest), Self.time(cache.newest), Text.grouped(cache.poisoned),
            ])
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        for row in rows {
            var line = Text.left(row[0], widths[0])
            for column in 1..<row.count { line += "  " + Text.right(row[column], widths[column]) }
            Output.standard.writeLine(line)
        }
    }

    /// "2026-11-26 18:02:11Z"; "-": none.
    static func time(_ milliseconds: Int64) -> String {
        guard milliseconds > 0 else { return "-" }
        let seconds = milliseconds / 1000
        let ofDay = Int(seconds % 86_400)
        let parts = [ofDay / 3600, ofDay / 60 % 60, ofDay % 60].map { Text.padded($0, to: 2) }
        return "\(Clock.date(seconds)) \(parts.joined(separator: ":"))Z"
    }

    private func document(_ cache: CacheFacts) -> JSON {
        let document = JSON.object()
        if !cache.node.isEmpty { document.set("node", cache.node) }
        document.set("file", cache.path)
        document.set("file-bytes", JSON.integer(Int64(cache.fileBytes)))
        if !cache.error.isEmpty {
            document.set("error", cache.error)
            return document
        }
        document.set("messages", JSON.integer(Int64(cache.messages)))
        document.set("bytes", JSON.integer(Int64(cache.bytes)))
        if cache.messages > 0 {
            document.set("oldest", JSON.integer(cache.oldest))
            document.set("newest", JSON.integer(cache.newest))
        }
        document.set("poisoned", JSON.integer(Int64(cache.poisoned)))
        return document
    }

    private func write(_ document: JSON) {
        document.compactText.withUnsafeBytes { Output.standard.write(bytes: $0) }
        Output.standard.writeLine()
    }

    // MARK: stat

    /// What reading all messages of a cache tells.
    private final class Sizes {
        var count = 0
        var bytes = 0
        var largest = 0
        var smallest = Int.max
        /// Why messages were refused, in the order of their coming.
        var reasons: [(code: Int, text: String, count: Int)] = []
        /// Messages refused for other reasons than those.
        var otherReasons = 0
        /// Reasons that are told; a server has few.
        private static let reasonsMax = 16

        func take(_ message: CachedMessage) {
            if message.isPoisoned {
                let at = reasons.firstIndex { $0.code == message.closeCode && $0.text == message.closeReason }
                if let at {
                    reasons[at].count += 1
                } else if reasons.count == Self.reasonsMax {
                    otherReasons += 1
                } else {
                    reasons.append((message.closeCode, message.closeReason, 1))
                }
                return
            }
            count += 1
            bytes += message.bytes.count
            largest = max(largest, message.bytes.count)
            smallest = min(smallest, message.bytes.count)
        }
    }

    /// How many messages cannot be read.
    private struct Damaged {
        let least: Int
        let most: Int

        var text: String {
            if least == most { return Text.count(most, "message") }
            return "at least \(Text.grouped(least)) and at most \(Text.count(most, "message"))"
        }
    }

    func stat() -> ExitStatus {
        if isJSON, caches.contains(where: { !$0.error.isEmpty }) {
            for cache in caches where !cache.error.isEmpty { write(document(cache)) }
        }
        return forEach { cache throws(LibraryError) in
            let sizes = Sizes()
            var failure: LibraryError?
            do throws(LibraryError) {
                try Caches.read(directory, cache.node, Caches.waiting | Caches.poisoned) { sizes.take($0) }
            } catch { failure = error }
            // Where a batch is damaged, what it says of its messages may be so too.
            let missing = failure == nil ? 0 : max(0, cache.messages - sizes.count)
            let damaged = Damaged(least: min(1, missing), most: missing)
            if isJSON { write(document(cache, sizes, damaged)) } else { print(cache, sizes, damaged) }
            if let failure { throw failure }
        }
    }

    private func document(_ cache: CacheFacts, _ sizes: Sizes, _ damaged: Damaged) -> JSON {
        let document = document(cache)
        document.set("damaged", JSON.integer(Int64(damaged.least)))
        document.set("damaged-at-most", JSON.integer(Int64(damaged.most)))
        document.set("payload-bytes", JSON.integer(Int64(sizes.bytes)))
        if sizes.count > 0 {
            document.set("smallest", JSON.integer(Int64(sizes.smallest)))
            document.set("largest", JSON.integer(Int64(sizes.largest)))
        }
        let refusals = sizes.reasons.map { reason in
            let refusal = JSON.object()
            refusal.set("close-code", JSON.integer(Int64(reason.code)))
            refusal.set("close-reason", reason.text)
            refusal.set("messages", JSON.integer(Int64(reason.count)))
            return refusal
        }
        document.set("refusals", JSON.array(refusals))
        if sizes.otherReasons > 0 { document.set("refusals-for-more", JSON.integer(Int64(sizes.otherReasons))) }
        return document
    }

    private func print(_ cache: CacheFacts, _ sizes: Sizes, _ damaged: Damaged) {
        var rows = [
            ("file", "\(cache.path), \(Text.grouped(cache.fileBytes)) bytes"),
            ("messages", "\(Text.grouped(cache.messages)), \(Text.grouped(cache.bytes)) bytes"),
        ]
        if sizes.count > 0 {
            rows.append(
                (
                    "payload",
                    "\(Text.grouped(sizes.bytes)) bytes, \(Text.grouped(sizes.smallest)) to "
                        + "\(Text.grouped(sizes.largest)) each"
                ))
            rows.append(("times", "\(Self.time(cache.oldest)) to \(Self.time(cache.newest))"))
        }
        if damaged.most > 0 { rows.append(("damaged", damaged.text)) }
        rows.append(("poisoned", Text.grouped(cache.poisoned)))
        Output.standard.writeLine(Terminal.styled(.bold, Self.shown(cache.node)))
        for (name, text) in rows { Output.standard.writeLine("  \(Text.left(name, 10))\(Self.shown(text))") }
        for reason in sizes.reasons {
            let code = reason.code == 0 ? "the connection ended without a Close frame" : "close code \(reason.code)"
            let text = reason.text.isEmpty ? "" : ": \(reason.text)"
            Output.standard.writeLine("  \(Text.left("", 10))\(reason.count) by \(Self.shown(code + text))")
        }
        if sizes.otherReasons > 0 {
            Output.standard.writeLine("  \(Text.left("", 10))and \(Text.grouped(sizes.otherReasons)) more by others")
        }
    }
}
