// SPDX-License-Identifier: Apache-2.0
/// What a session found in the mailbox. It goes where it belongs without the node's lock: there may be much.
public struct TakenMail: ~Copyable {
    /// A cache that was opened while the session runs.
    public struct Opened {
        public let found: MessageCache.Found
        public let first: UInt64
        public let openID: UInt64

        /// As of `MessageCache.opened`.
        public init(_ found: MessageCache.Found, first: UInt64, openID: UInt64) {
            self.found = found
            self.first = first
            self.openID = openID
        }
    }

    /// What came before that.
    private var earlier = ChunkList()
    private let opened: Opened?
    private var list: ChunkList

    public init(_ list: consuming ChunkList) {
        self.list = list
        opened = nil
    }

    public init(_ list: consuming ChunkList, behind opened: Opened, _ earlier: consuming ChunkList) {
        self.list = list
        self.opened = opened
        self.earlier = earlier
    }

    /// - Returns: false: there is nothing.
    public consuming func deliver(to cache: inout MessageCache, _ backlog: inout Backlog, now: UInt64) -> Bool {
        let hasEarlier = !earlier.isEmpty
        if let opened {
            // Where a copy of one went out, what was found would lie in front of it.
            cache.take(exchange(&earlier, with: ChunkList()), &backlog, isLive: false, now: now)
            cache.opened(opened.found, first: opened.first, openID: opened.openID, backlog, now: now)
        }
        if list.isEmpty { return hasEarlier }
        cache.take(exchange(&list, with: ChunkList()), &backlog, now: now)
        return true
    }
}
