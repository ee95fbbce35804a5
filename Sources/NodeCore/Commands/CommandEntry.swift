// SPDX-License-Identifier: Apache-2.0
/// A command that has no outcome yet, or one that is yet to be told.
///
/// The lists in which it stands are linked through it, so that none of them takes memory, however many commands a host
/// asks for. Its table holds the only reference that counts.
final class CommandEntry {
    enum Stage: Equatable {
        /// For its turn to go out.
        case waiting
        /// The same, until it is known again which response is whose.
        case held
        /// The connection has it, and it is not written whole.
        case leaving
        /// For its response.
        case sent
        /// To be told.
        case ended(CommandOutcome)
    }

    let id: UInt64
    let command: Command
    var stage = Stage.waiting {
        didSet {
            if stage == .sent { hasLeft = true }
            if oldValue == .leaving, case .ended = stage { hasLeft = true }
        }
    }
    var triesLeft: UInt32
    /// When the present try is too late.
    var deadline: UInt64
    /// Among the deadlines.
    var heapPlace = 0
    /// Its first sending on the last connection that it went out on; nil: there was none.
    var order: UInt64?
    /// The kernel took it once, at least in part.
    var hasLeft = false
    /// When its newest try had left.
    var leftAt: UInt64 = 0
    var nextInBucket: UnsafeMutableRawPointer?
    fileprivate var links = (all: Links(), line: Links(), answers: Links())

    fileprivate struct Links {
        var previous: UnsafeMutableRawPointer?
        var next: UnsafeMutableRawPointer?
    }

    init(id: UInt64, _ command: Command, deadline: UInt64) {
        self.id = id
        self.command = command
        self.deadline = deadline
        triesLeft = command.retries
    }

    var pointer: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    static func at(_ pointer: UnsafeMutableRawPointer) -> CommandEntry {
        Unmanaged<CommandEntry>.fromOpaque(pointer).takeUnretainedValue()
    }
}

/// Commands one behind the other. Each may stand in one list of each kind.
struct CommandList: BitwiseCopyable {
    enum Kind: UInt8, BitwiseCopyable {
        /// Of all without outcome.
        case all
        /// Of those that wait to go out, or of those that wait to be told.
        case line
        /// Of those that a message may answer.
        case answers
    }

    private let kind: Kind
    private var head: UnsafeMutableRawPointer?
    private var tail: UnsafeMutableRawPointer?

    init(_ kind: Kind) { self.kind = kind }

    var isEmpty: Bool { head == nil }
    var first: CommandEntry? { head.map { CommandEntry.at($0) } }

    func after(_ entry: CommandEntry) -> CommandEntry? { links(entry).next.map { CommandEntry.at($0) } }

    /// Looks at each; for tests.
    var count: Int {
        var count = 0
        var next = first
        while let entry = next {
            count += 1
            next = after(entry)
        }
        return count
    }

    mutating func append(_ entry: CommandEntry) {
        let pointer = entry.pointer
        setLinks(entry, CommandEntry.Links(previous: tail))
        if let tail { setNext(CommandEntry.at(tail), pointer) } else { head = pointer }
        tail = pointer
    }

    /// Puts one in behind another that stands in this list; nil: in front of all.
    mutating func insert(_ entry: CommandEntry, behind other: UnsafeMutableRawPointer?) {
        guard let other else {
            setLinks(entry, CommandEntry.Links(next: head))
            if let head { setPrevious(CommandEntry.at(head), entry.pointer) } else { tail = entry.pointer }
            head = entry.pointer
            return
        }
        let next = links(CommandEntry.at(other)).next
        setLinks(entry, CommandEntry.Links(previous: other, next: next))
        setNext(CommandEntry.at(other), entry.pointer)
        if let next { setPrevious(CommandEntry.at(next), entry.pointer) } else { tail = entry.pointer }
    }

    /// The one in front of it.
    func before(_ entry: CommandEntry) -> UnsafeMutableRawPointer? { links(entry).previous }

    /// Takes out one that stands in this list.
    mutating func remove(_ entry: CommandEntry) {
        let own = links(entry)
        if let previous = own.previous { setNext(CommandEntry.at(previous), own.next) } else { head = own.next }
        if let next = own.next { setPrevious(CommandEntry.at(next), own.previous) } else { tail = own.previous }
        setLinks(entry, CommandEntry.Links())
    }

    private func links(_ entry: CommandEntry) -> CommandEntry.Links {
        switch kind {
        case .all: entry.links.all
        case .line: entry.links.line
        case .answers: entry.links.answers
        }
    }

    private func setLinks(_ entry: CommandEntry, _ links: CommandEntry.Links) {
        switch kind {
        case .all: entry.links.all = links
        case .line: entry.links.line = links
        case .answers: entry.links.answers = links
        }
    }

    private func setNext(_ entry: CommandEntry, _ next: UnsafeMutableRawPointer?) {
        setLinks(entry, CommandEntry.Links(previous: links(entry).previous, next: next))
    }
    private func setPrevious(_ entry: CommandEntry, _ previous: UnsafeMutableRawPointer?) {
        setLinks(entry, CommandEntry.Links(previous: previous, next: links(entry).next))
    }
}
