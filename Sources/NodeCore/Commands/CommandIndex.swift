// SPDX-License-Identifier: Apache-2.0
/// Which of the commands that went out on the present connection a message answers.
///
/// By a member it is found with one look into a table for each place that is asked for, however many commands wait;
/// by order at once. For the next connection it is emptied.
/// Invariants: a place is here while a command asks for it; in each list those that went out earlier come first.
struct CommandIndex: ~Copyable {
    private struct Place {
        let pointer: JSONPointer
        var count = 0
        var anyValue = CommandList(.answers)
    }

    /// No more than `CommandLimits.pointersMax`.
    private var places: [Place] = []
    /// By the value that is asked for; their number is a power of two.
    private var buckets = RawList<CommandList>()
    private(set) var functions = CommandList(.answers)

    /// The places at which messages are looked at.
    var pointers: [JSONPointer] { places.map { $0.pointer } }

    /// Room for so many in all, whose number a host decides: so that adding them takes no memory.
    mutating func reserve(_ count: Int) throws(EncodingError) {
        if count <= buckets.count { return }
        var larger = RawList<CommandList>()
        var size = 16
        while size < count { size *= 2 }
        try larger.reserve(size)
        for _ in 0..<size { try larger.append(CommandList(.answers)) }
        swap(&buckets, &larger)
        for place in 0..<larger.count {
            while let entry = larger[place].first {
                larger[place].remove(entry)
                buckets[bucket(entry)].append(entry)
            }
        }
    }

    /// As Swift's hashes are, with a key of the process's own: nobody can choose values that collide.
    static func hash(_ value: [UInt8]) -> Int {
        var hasher = Hasher()
        // As a whole: an array would be hashed byte by byte.
        value.withUnsafeBytes { hasher.combine(bytes: $0) }
        return hasher.finalize()
    }

    private func bucket(_ entry: CommandEntry) -> Int { entry.command.valueHash & (buckets.count - 1) }

    /// It went out behind all that are here; there is room for it.
    mutating func add(_ entry: CommandEntry) {
        switch entry.command.rule {
        case .member(let pointer, let value):
            let place = places.firstIndex { $0.pointer == pointer } ?? places.count
            if place == places.count { places.append(Place(pointer: pointer)) }
            places[place].count += 1
            if value != nil {
                buckets[bucket(entry)].append(entry)
            } else {
                places[place].anyValue.append(entry)
            }
        case .function: functions.append(entry)
        case .order: break
        }
    }

    mutating func remove(_ entry: CommandEntry) {
        switch entry.command.rule {
        case .member(let pointer, let value):
            guard let place = places.firstIndex(where: { $0.pointer == pointer }) else { return }
            if value != nil {
                buckets[bucket(entry)].remove(entry)
            } else {
                places[place].anyValue.remove(entry)
            }
            places[place].count -= 1
            if places[place].count == 0 { places.remove(at: place) }
        case .function: functions.remove(entry)
        case .order: break
        }
    }

    /// The room stays.
    mutating func removeAll() {
        places = []
        functions = CommandList(.answers)
        for place in 0..<buckets.count { buckets[place] = CommandList(.answers) }
    }

    /// The oldest command that a message answers by what stands in it, of those that went out before `limit`.
    func oldest(_ values: MessageValues, before limit: UInt64 = .max) -> CommandEntry? {
        var oldest: CommandEntry?
        var limit = limit
        for found in values.found {
            guard let place = places.first(where: { $0.pointer == found.pointer }) else { continue }
            for entry in [place.anyValue.first, found.text.flatMap { first($0, found.pointer) }] {
                guard let entry, let order = entry.order, order < limit else { continue }
                oldest = entry
                limit = order
            }
        }
        return oldest
    }

    private func first(_ text: [UInt8], _ place: JSONPointer) -> CommandEntry? {
        if buckets.count == 0 { return nil }
        let hash = Self.hash(text)
        let list = buckets[hash & (buckets.count - 1)]
        var next = list.first
        while let entry = next {
            if entry.command.valueHash == hash, case .member(let pointer, let value?) = entry.command.rule,
                value == text, pointer == place
            {
                return entry
            }
            next = list.after(entry)
        }
        return nil
    }
}

/// What a message says at the places that commands and heartbeats ask for. Found without the table, which others may
/// want meanwhile.
public struct MessageValues {
    fileprivate struct Found {
        let pointer: JSONPointer
        /// Nil: a value that no text equals.
        let text: [UInt8]?
    }

    fileprivate var found: [Found] = []

    /// None.
    public init() {}

    /// - Parameter scan: of the message, and over.
    public init(_ scan: PlaceScan, _ message: UnsafeRawBufferPointer) {
        for (place, pointer) in scan.places.pointers.enumerated() {
            guard let range = scan.value(at: place) else { continue }
            let value = UnsafeRawBufferPointer(rebasing: message[range])
            found.append(
                Found(
                    pointer: pointer, text: JSONPointer.text(of: value, bytesMax: CommandLimits.matchValueBytesMax)))
        }
    }

    public var isEmpty: Bool { found.isEmpty }

    /// Whether there is this value, or any.
    func has(_ value: [UInt8]?, at pointer: JSONPointer) -> Bool {
        found.contains { $0.pointer == pointer && (value == nil || $0.text == value) }
    }
}
