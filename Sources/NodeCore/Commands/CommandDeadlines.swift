// SPDX-License-Identifier: Apache-2.0
/// When commands are too late: a heap by which the next one is found, and each moved or taken out, in logarithmic time.
/// A host decides how many there are: room is made first, which can fail, and then none of this takes memory.
///
/// Invariants: no deadline is before its parent's; each command knows its place.
struct CommandDeadlines: ~Copyable {
    private struct Moment: BitwiseCopyable {
        let time: UInt64
        let entry: UnsafeMutableRawPointer
    }

    private var heap = RawList<Moment>()

    var count: Int { heap.count }
    var first: CommandEntry? { heap.count == 0 ? nil : CommandEntry.at(heap[0].entry) }

    /// Room for so many in all.
    mutating func reserve(_ count: Int) throws(EncodingError) { try heap.reserve(count) }

    /// Needs no memory where room was made for it.
    mutating func add(_ entry: CommandEntry) throws(EncodingError) {
        try heap.append(Moment(time: entry.deadline, entry: entry.pointer))
        entry.heapPlace = heap.count - 1
        rise(entry.heapPlace)
    }

    mutating func remove(_ entry: CommandEntry) {
        let place = entry.heapPlace
        let last = heap.count - 1
        if place != last { put(heap[last], at: place) }
        heap.removeLast()
        if place != last { settle(place) }
    }

    /// Its deadline is another one now.
    mutating func moved(_ entry: CommandEntry) {
        put(Moment(time: entry.deadline, entry: entry.pointer), at: entry.heapPlace)
        settle(entry.heapPlace)
    }

    private mutating func put(_ moment: Moment, at place: Int) {
        heap[place] = moment
        CommandEntry.at(moment.entry).heapPlace = place
    }

    private mutating func exchange(_ one: Int, _ other: Int) {
        let moment = heap[one]
        put(heap[other], at: one)
        put(moment, at: other)
    }

    private mutating func settle(_ place: Int) {
        rise(place)
        sink(place)
    }

    private mutating func rise(_ place: Int) {
        var child = place
        while child > 0, heap[child].time < heap[(child - 1) / 2].time {
            exchange(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func sink(_ place: Int) {
        var parent = place
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].time < heap[least].time { least = child }
            }
            if least == parent { return }
            exchange(parent, least)
            parent = least
        }
    }

    func checkInvariants() {
        for child in 0..<heap.count {
            precondition(heap[max(0, child - 1) / 2].time <= heap[child].time)
            let entry = CommandEntry.at(heap[child].entry)
            precondition(entry.heapPlace == child && entry.deadline == heap[child].time)
        }
    }
}
