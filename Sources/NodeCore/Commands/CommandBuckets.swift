// SPDX-License-Identifier: Apache-2.0
/// Commands by their numbers. It owns those that stand in it. A host decides how many those are: room for them is made
/// first, which can fail, and then they are put in, which cannot.
///
/// Invariant: the number of buckets is a power of two, or 0 before the first command.
struct CommandBuckets: ~Copyable {
    /// Retained; those of one bucket are linked.
    private var buckets = RawList<UnsafeMutableRawPointer?>()

    init() {}

    deinit {
        for place in 0..<buckets.count {
            var next = buckets[place]
            while let pointer = next {
                next = CommandEntry.at(pointer).nextInBucket
                Unmanaged<CommandEntry>.fromOpaque(pointer).release()
            }
        }
    }

    /// So many commands have room.
    var roomCount: Int { buckets.count }

    /// Room for so many in all.
    mutating func reserve(_ count: Int) throws(EncodingError) {
        if count <= buckets.count { return }
        var larger = RawList<UnsafeMutableRawPointer?>()
        var size = 16
        while size < count { size *= 2 }
        try larger.reserve(size)
        for _ in 0..<size { try larger.append(nil) }
        swap(&buckets, &larger)
        for place in 0..<larger.count {
            var next = larger[place]
            while let pointer = next {
                next = CommandEntry.at(pointer).nextInBucket
                link(pointer)
            }
        }
    }

    private func bucket(_ id: UInt64) -> Int { Int(truncatingIfNeeded: id) & (buckets.count - 1) }

    private mutating func link(_ pointer: UnsafeMutableRawPointer) {
        let entry = CommandEntry.at(pointer)
        let place = bucket(entry.id)
        entry.nextInBucket = buckets[place]
        buckets[place] = pointer
    }

    /// There is room for it.
    mutating func insert(_ entry: CommandEntry) { link(Unmanaged.passRetained(entry).toOpaque()) }

    func find(_ id: UInt64) -> CommandEntry? {
        if buckets.count == 0 { return nil }
        var next = buckets[bucket(id)]
        while let pointer = next {
            let entry = CommandEntry.at(pointer)
            if entry.id == id { return entry }
            next = entry.nextInBucket
        }
        return nil
    }

    /// Takes out one that stands here; who calls holds it meanwhile.
    mutating func remove(_ entry: CommandEntry) {
        let place = bucket(entry.id)
        let pointer = entry.pointer
        if buckets[place] == pointer { buckets[place] = entry.nextInBucket }
        var next = buckets[place]
        while let other = next.map({ CommandEntry.at($0) }) {
            if other.nextInBucket == pointer { other.nextInBucket = entry.nextInBucket }
            next = other.nextInBucket
        }
        Unmanaged<CommandEntry>.fromOpaque(pointer).release()
    }

    /// In no particular order.
    func forEach(_ body: (CommandEntry) -> Void) {
        for place in 0..<buckets.count {
            var next = buckets[place]
            while let entry = next.map({ CommandEntry.at($0) }) {
                body(entry)
                next = entry.nextInBucket
            }
        }
    }
}
