// SPDX-License-Identifier: Apache-2.0
/// What is left to see to of the commands that the end of a connection or of a run concerns: there may be thousands,
/// which are settled some at a time, in the order of their numbers.
///
/// Invariants: some are left; `next` is the first of them; `place` waits.
struct CommandSettling: BitwiseCopyable {
    /// The run is over, and all of them end; else their connection is.
    let stops: Bool
    /// When that was.
    let now: UInt64
    /// None of a greater number is concerned.
    let lastID: UInt64
    fileprivate(set) var next: UnsafeMutableRawPointer
    /// The last that was put among those that wait, in front of which those stand that go out again; nil: none yet.
    fileprivate var place: UnsafeMutableRawPointer?

    /// This one is still to be settled.
    func isAhead(of entry: CommandEntry) -> Bool { entry.id >= CommandEntry.at(next).id && entry.id <= lastID }
}

extension CommandTable {
    /// The connection is gone. Those that were on their way wait again; of those that were sent, or in part, each has
    /// its next try or is lost. That is seen to by `takeEnded`; until it is, nothing goes out and nothing is too late.
    /// - Parameter begun: of those on their way, the ones of which the kernel took some.
    public func connectionEnded(begun: [UInt64] = [], now: UInt64) {
        for id in begun { if let entry = find(id), entry.stage == .leaving { entry.stage = .sent } }
        forgetConnection()
        // Where some are to be settled nothing went out on this one.
        guard settling == nil, let first = open.first else { return }
        settling = CommandSettling(stops: false, now: now, lastID: takenCount, next: first.pointer)
    }

    /// The node stops, and all that are left end: see `takeEnded`. Those that are taken from here on do not.
    public func stop() {
        forgetConnection()
        settling = open.first.map { CommandSettling(stops: true, now: 0, lastID: takenCount, next: $0.pointer) }
    }

    /// So many more, or until one of them has ended.
    func settle(_ countMax: Int) {
        var left = countMax
        while left > 0, untold.isEmpty, let settling {
            left -= 1
            settle(CommandEntry.at(settling.next), settling)
        }
    }

    private func settle(_ entry: CommandEntry, _ settling: CommandSettling) {
        if settling.stops { return endLater(entry, .stopped) }
        if entry.stage == .sent {
            guard entry.triesLeft > 0 else { return endLater(entry, .linkLost) }
            entry.triesLeft -= 1
            entry.deadline = settling.now &+ entry.command.timeout
            deadlines.moved(entry)
        }
        pass(entry)
        if entry.stage == .waiting { return }
        if entry.stage == .held { held.remove(entry) }
        entry.stage = .waiting
        waiting.insert(entry, behind: settling.place)
        self.settling?.place = entry.pointer
    }

    /// It is settled, or ends otherwise; it still stands in its lists.
    func pass(_ entry: CommandEntry) {
        if settling?.place == entry.pointer { settling?.place = waiting.before(entry) }
        guard let settling, settling.next == entry.pointer else { return }
        guard let next = open.after(entry), next.id <= settling.lastID else {
            self.settling = nil
            return
        }
        self.settling?.next = next.pointer
    }
}
