// SPDX-License-Identifier: Apache-2.0
/// The static tags of a message: the node's, and then the subscription's, which take the place of those of the same
/// name. Both are referred to, never copied: there may be thousands of tags and a hundred thousand subscriptions.
public struct StaticTagSet: Sendable {
    let node: StaticTags?
    let own: StaticTags?

    public init(node: StaticTags?, own: StaticTags?) {
        self.node = node
        self.own = own
    }

    static var none: StaticTagSet { StaticTagSet(node: nil, own: nil) }

    var isEmpty: Bool { (node?.isEmpty ?? true) && (own?.isEmpty ?? true) }

    /// The tags that a run lies in.
    @inline(__always)
    func tags(_ run: StaticRun) -> StaticTags? { run.isOwn ? own : node }

    /// A tag of the node, and the subscription's of the same name.
    private struct Replaced: BitwiseCopyable {
        let node: Int
        let own: Int
    }

    /// Appends the order in which they are written, as few runs as there can be.
    func appendRuns(to runs: inout RawList<StaticRun>) throws(EncodingError) {
        let nodeCount = node?.count ?? 0
        guard let own, !own.isEmpty else { return try runs.appendRun(isOwn: false, 0, nodeCount) }
        guard let node, nodeCount > 0 else { return try runs.appendRun(isOwn: true, 0, own.count) }
        var replaced = RawList<Replaced>()
        for index in 0..<own.count {
            guard let found = node.index(of: own.name(index)) else { continue }
            try replaced.append(Replaced(node: found, own: index))
        }
        replaced.sort { $0.node < $1.node }
        var next = 0
        for index in 0..<replaced.count {
            let pair = replaced[index]
            try runs.appendRun(isOwn: false, next, pair.node)
            try runs.appendRun(isOwn: true, pair.own, pair.own + 1)
            next = pair.node + 1
        }
        try runs.appendRun(isOwn: false, next, nodeCount)
        // The own ones that replace none, in their order.
        replaced.sort { $0.own < $1.own }
        next = 0
        for index in 0..<replaced.count {
            let pair = replaced[index]
            try runs.appendRun(isOwn: true, next, pair.own)
            next = pair.own + 1
        }
        try runs.appendRun(isOwn: true, next, own.count)
    }
}

/// Static tags that are written one behind the other: those from `lower` to `upper` of the node or the subscription.
struct StaticRun: BitwiseCopyable {
    var isOwn: Bool
    var lower: Int32
    var upper: Int32
    /// A single tag that also is the name of one of the group's tags: the number of that name; -1: none.
    var shared: Int32 = -1
}

extension RawList<StaticRun> {
    /// Appends a run, unless it is empty.
    mutating func appendRun(isOwn: Bool, _ lower: Int, _ upper: Int, shared: Int = -1) throws(EncodingError) {
        if lower >= upper { return }
        try append(
            StaticRun(
                isOwn: isOwn, lower: Int32(truncatingIfNeeded: lower), upper: Int32(truncatingIfNeeded: upper),
                shared: Int32(truncatingIfNeeded: shared)))
    }
}
