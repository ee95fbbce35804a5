// SPDX-License-Identifier: Apache-2.0
import CJansson
import CNeuronWS

/// The names of a group's tags as they stand in a message, and which of them are shared: by several tags, or by a tag
/// and a static tag. Kept between the messages of a group: as long as the host's names are the same bytes, nothing of
/// them has to be escaped or looked for.
///
/// A group's names are `records` one behind the other, in the order of its tags: a header, the bytes of the host's
/// name, and the text that goes out, both filled up to whole words.
///
/// It belongs to one thread at a time.
public final class GroupNames {
    /// What besides the host's names decides how they are written.
    public struct Key: Equatable, Sendable {
        /// Counts the settings of a node.
        public var settings: UInt64
        /// Counts the subscriptions of a node, a changed one as a new one.
        public var subscription: UInt64

        public init(settings: UInt64, subscription: UInt64) {
            self.settings = settings
            self.subscription = subscription
        }
    }

    /// The text of a name as it goes out.
    enum Form {
        /// `,"name":`
        case member
        /// `,{"name":"name","value":`
        case element
    }

    /// A name that several have, and who of them counts in this message; -1: nobody. The last one's value stands at the
    /// place of the first, as with jansson's json_object_set.
    struct Shared: BitwiseCopyable {
        var firstValue: Int32 = -1
        var lastValue: Int32 = -1
        var firstError: Int32 = -1
        var lastError: Int32 = -1
        var firstMetas: Int32 = -1
        var lastMetas: Int32 = -1
        /// The static tag of the name.
        var staticIndex: Int32 = -1
        var isOwnStatic = false
        /// The first tag that has the name, in `sharers`, and the last.
        var firstSharer: Int32 = -1
        var lastSharer: Int32 = -1

        mutating func forgetMessage() {
            firstValue = -1
            lastValue = -1
            firstError = -1
            lastError = -1
            firstMetas = -1
            lastMetas = -1
        }
    }

    /// A tag whose name is shared.
    struct Sharer: BitwiseCopyable {
        let tag: Int32
        let name: Int32
        /// The next tag of the same name; -1: none.
        var next: Int32 = -1
    }

    /// What stands before a name.
    struct Header: BitwiseCopyable {
        /// Bytes of the host's name.
        var rawCount: UInt16
        /// From the header to the text that goes out.
        var textOffset: UInt16
        /// Bytes of that.
        var textCount: UInt16
        /// From the header to the next one.
        var byteCount: UInt16
        /// The number of the shared name and one, or 0.
        var link: UInt32 = 0
        var reserved: UInt32 = 0

        @inline(__always) static var byteCount: Int { 16 }
    }

    // The cache's: the hash of its group's names, whether it was of use since the cache last looked for what to throw
    // out, and what is thrown out with it.
    var hash: UInt64 = 0
    var wasUsed = false
    var thrownOut: GroupNames?

    private(set) var form = Form.member
    private(set) var tagCount = 0
    private var key: Key?
    private let records = ByteBuffer(byteCountMax: GroupNames.recordBytesMax)
    private(set) var shared = RawList<Shared>()
    private(set) var hasShared = false
    private(set) var sharers = RawList<Sharer>()
    /// The static tags in the order in which they are written behind the group's.
    private(set) var runs = RawList<StaticRun>()
    /// How often names were taken in anew, for tests.
    private(set) var buildCount = 0

    /// All names of one group may take so many bytes: headers count names in 32 bits.
    private static let recordBytesMax = Int(clamping: UInt64(1) << 31)
    /// ,"value":
    static let valueTextBytes = 9
    /// The longest text.
    private(set) var textCountMax = 0
    /// The first record, valid until the next `build`.
    private(set) var first: UnsafeRawPointer?
    /// The memory it holds, bytes.
    public private(set) var byteCount = GroupNames.byteCountMin

    public init() {}

    /// The objects themselves and what malloc adds, about.
    private static let byteCountMin = 512

    /// Whether it is of a group of so many tags written under this key; the names themselves are compared while they
    /// are written.
    func isOf(_ key: Key?, form: Form, tagCount: Int) -> Bool {
        self.key != nil && self.key == key && self.form == form && self.tagCount == tagCount
    }

    // MARK: Building

    /// Takes in the names of a group. `key` nil: for this message alone.
    func build(
        _ group: GroupView, form: Form, key: Key?, statics: StaticTagSet, sharesStatics: Bool
    ) throws(EncodingError) {
        self.key = nil
        first = nil
        defer {
            byteCount =
                Self.byteCountMin + records.capacity + shared.byteCount + sharers.byteCount + runs.byteCount
        }
        buildCount += 1
        records.removeAll(keepingCapacity: true)
        shared.removeAll()
        sharers.removeAll()
        runs.removeAll()
        self.form = form
        tagCount = group.tagCount
        textCountMax = 0
        let table = form == .member ? try NameTable.make(nameCountMax: group.tagCount) : nil
        var writer = try ByteWriter.open(records)
        for index in 0..<group.tagCount {
            let name = try TagView(group.tag(index)).name(index: index)
            let place = writer.offset
            try write(name, to: &writer)
            if let table { try link(place, table, &writer) }
        }
        try writer.finish()
        first = records.withBytes { $0.baseAddress }
        try takeRuns(statics, table: sharesStatics ? table : nil)
        hasShared = shared.count > 0
        if hasShared { try listSharers() }
        self.key = key
    }

    /// Writes one record.
    private func write(_ name: UnsafeRawBufferPointer, to writer: inout ByteWriter) throws(EncodingError) {
        try writer.reserve(Header.byteCount + name.count * (1 + JSONStringWriter.growthMax) + 96)
        let start = writer.next
        var next = start + Header.byteCount
        if let source = name.baseAddress { next.copyMemory(from: source, byteCount: name.count) }
        next = start + Header.byteCount + Self.rounded(name.count)
        let text = next
        if form == .member {
            // ,"
            next.storeBytes(of: 0x222c, as: UInt16.self)
            next += 2
        } else {
            // ,{"name" and :"
            next.storeBytes(of: 0x2265_6d61_6e22_7b2c, as: UInt64.self)
            next.storeBytes(of: 0x223a, toByteOffset: 8, as: UInt16.self)
            next += 10
        }
        if let behind = ScalarWriter.writePlain(name, at: next) {
            next = behind
        } else {
            writer.next = next
            try JSONStringWriter.write(name, to: &writer)
            next = writer.next
        }
        if form == .member {
            // ":
            next.storeBytes(of: 0x3a22, as: UInt16.self)
            next += 2
        } else {
            // ","value and ":
            next.storeBytes(of: 0x6575_6c61_7622_2c22, as: UInt64.self)
            next.storeBytes(of: 0x3a22, toByteOffset: 8, as: UInt16.self)
            next += 10
        }
        let end = text + Self.rounded(next - text)
        let header = Header(
            rawCount: UInt16(name.count), textOffset: UInt16(text - start), textCount: UInt16(next - text),
            byteCount: UInt16(end - start))
        start.storeBytes(of: header, as: Header.self)
        if next - text > textCountMax { textCountMax = next - text }
        writer.next = end
    }

    /// Whole words.
    @inline(__always)
    static func rounded(_ count: Int) -> Int { (count &+ 7) & ~7 }

    /// Looks for an earlier record of the same text, and links both to a shared name.
    private func link(_ place: Int, _ table: NameTable, _ writer: inout ByteWriter) throws(EncodingError) {
        let base = writer.next - writer.offset
        let text = Self.quoted(UnsafeRawPointer(base + place))
        let found = table.findOrInsert(hash: NameHash.of(text, seed: table.seed), name: place >> 3) { other in
            Self.equal(Self.quoted(UnsafeRawPointer(base + other << 3)), text)
        }
        if let found { setLink(base + place, try sharedName(base + found << 3)) }
    }

    /// The number of the shared name of a record, which gets one if it has none.
    private func sharedName(_ record: UnsafeMutableRawPointer) throws(EncodingError) -> Int {
        let link = record.load(as: Header.self).link
        if link > 0 { return Int(link) - 1 }
        try shared.append(Shared())
        setLink(record, shared.count - 1)
        return shared.count - 1
    }

    private func setLink(_ record: UnsafeMutableRawPointer, _ name: Int) {
        record.assumingMemoryBound(to: Header.self).pointee.link = UInt32(truncatingIfNeeded: name + 1)
    }

    /// The name in quotes, as it goes out, of a record of the form `member`.
    private static func quoted(_ record: UnsafeRawPointer) -> UnsafeRawBufferPointer {
        let text = text(record)
        return UnsafeRawBufferPointer(rebasing: text.dropFirst().dropLast())
    }

    private static func equal(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
        guard one.count == other.count, let first = one.baseAddress, let second = other.baseAddress else {
            return false
        }
        return NameHash.equal(first, second, one.count)
    }

    /// The static tags; with a table, those that share a tag's name stand alone and know it.
    private func takeRuns(_ statics: StaticTagSet, table: NameTable?) throws(EncodingError) {
        if statics.isEmpty { return }
        guard let table else { return try statics.appendRuns(to: &runs) }
        var all = RawList<StaticRun>()
        try statics.appendRuns(to: &all)
        guard let base = records.withMutableBytes({ $0.baseAddress }) else { return }
        for index in 0..<all.count {
            let run = all[index]
            guard let tags = statics.tags(run) else { continue }
            var lower = Int(run.lower)
            for index in lower..<Int(run.upper) {
                let name = tags.name(index)
                let found = table.find(hash: NameHash.of(name, seed: table.seed)) { other in
                    Self.equal(Self.quoted(UnsafeRawPointer(base + other << 3)), name)
                }
                guard let found else { continue }
                let number = try sharedName(base + found << 3)
                shared[number].staticIndex = Int32(truncatingIfNeeded: index)
                shared[number].isOwnStatic = run.isOwn
                try runs.appendRun(isOwn: run.isOwn, lower, index)
                try runs.appendRun(isOwn: run.isOwn, index, index + 1, shared: number)
                lower = index + 1
            }
            try runs.appendRun(isOwn: run.isOwn, lower, Int(run.upper))
        }
    }

    private func listSharers() throws(EncodingError) {
        guard var record = first else { return }
        for index in 0..<tagCount {
            let header = record.load(as: Header.self)
            if header.link > 0 {
                let name = Int(header.link) - 1
                let place = Int32(truncatingIfNeeded: sharers.count)
                try sharers.append(
                    Sharer(tag: Int32(truncatingIfNeeded: index), name: Int32(truncatingIfNeeded: name)))
                let last = Int(shared[name].lastSharer)
                if last >= 0 { sharers[last].next = place } else { shared[name].firstSharer = place }
                shared[name].lastSharer = place
            }
            record += Int(header.byteCount)
        }
    }

    // MARK: Each message

    /// Finds out who counts among those that share a name. The group has `tagCount` tags.
    func resolve(_ group: GroupView, reportsErrors: Bool) {
        for index in 0..<shared.count { shared[index].forgetMessage() }
        for index in 0..<sharers.count {
            let sharer = sharers[index]
            let tag = TagView(group.tag(Int(sharer.tag)))
            var name = shared[Int(sharer.name)]
            let isError = tag.errorCode != 0
            if isError {
                if name.firstError < 0 { name.firstError = sharer.tag }
                name.lastError = sharer.tag
            } else {
                if name.firstValue < 0 { name.firstValue = sharer.tag }
                name.lastValue = sharer.tag
            }
            if tag.pointer.pointee.meta_count != 0 && tag.pointer.pointee.metas != nil && (reportsErrors || !isError) {
                if name.firstMetas < 0 { name.firstMetas = sharer.tag }
                name.lastMetas = sharer.tag
            }
            shared[Int(sharer.name)] = name
        }
    }

    /// Whether the host's names are the remembered ones.
    func isSame(_ group: GroupView) -> Bool {
        guard var record = first else { return tagCount == 0 }
        for index in 0..<tagCount {
            if !Self.isSame(TagView(group.tag(index)), record) { return false }
            record += Int(record.load(as: Header.self).byteCount)
        }
        return true
    }

    /// Whether a tag has the name of a record. What is wrong with a name that it has not shows when it is taken in.
    @inline(__always)
    static func isSame(_ tag: TagView, _ record: UnsafeRawPointer) -> Bool {
        guard let name = UnsafeRawPointer(tag.pointer.pointee.name) else { return false }
        var count = tag.pointer.pointee.name_length
        if count == 0 { count = strnlen(tag.pointer.pointee.name.unsafelyUnwrapped, GroupView.nameBytesMax + 1) }
        if count != Int(record.load(as: UInt16.self)) { return false }
        let kept = record + Header.byteCount
        if count >= 8 {
            // Whole words, the last of which overlaps the one before.
            var offset = 0
            var difference: UInt64 = 0
            repeat {
                difference |= word(kept, offset) ^ word(name, offset)
                offset &+= 8
            } while offset &+ 8 <= count
            return difference | (word(kept, count &- 8) ^ word(name, count &- 8)) == 0
        }
        if count >= 4 {
            let first = kept.loadUnaligned(as: UInt32.self) ^ name.loadUnaligned(as: UInt32.self)
            let last =
                kept.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
                ^ name.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
            return first | last == 0
        }
        var difference: UInt8 = 0
        for offset in 0..<count {
            difference |=
                kept.load(fromByteOffset: offset, as: UInt8.self) ^ name.load(fromByteOffset: offset, as: UInt8.self)
        }
        return difference == 0
    }

    @inline(__always)
    private static func word(_ place: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        place.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    /// The text of a record.
    @inline(__always)
    static func text(_ record: UnsafeRawPointer) -> UnsafeRawBufferPointer {
        let header = record.assumingMemoryBound(to: Header.self)
        return UnsafeRawBufferPointer(
            start: record + Int(header.pointee.textOffset), count: Int(header.pointee.textCount))
    }
}
