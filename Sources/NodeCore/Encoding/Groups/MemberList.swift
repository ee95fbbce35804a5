// SPDX-License-Identifier: Apache-2.0
/// Where the members of an object stand that has just been written, to find out whether a name stands there twice:
/// readers take such objects differently. What was written twice is then written anew, as jansson's json_object_set
/// would have it: the last value at the place of the first.
///
/// It costs next to nothing while names differ in length or there are few.
struct MemberList: ~Copyable {
    private struct Member: BitwiseCopyable {
        /// Of the comma before the name.
        var start: Int
        var nameEnd: Int
        var end: Int
    }

    private var members = RawList<Member>()
    private var place: Int

    /// Beyond so many members, names are not compared with each other but looked up.
    private static let comparedMax = 8

    /// The first member's comma will stand at this offset of the writer.
    init(at start: Int) { place = start }

    /// A comma and a name were written, up to here.
    mutating func nameEnds(at offset: Int) throws(EncodingError) {
        try members.append(Member(start: place, nameEnd: offset, end: offset))
    }

    /// And its colon and value.
    mutating func valueEnds(at offset: Int) {
        members[members.count - 1].end = offset
        place = offset
    }

    /// All members are written, the last one ends where the writer is. Mends them if need be.
    func finish(_ writer: inout ByteWriter) throws(EncodingError) {
        if members.count < 2 { return }
        let base = writer.start
        if members.count > Self.comparedMax { return try lookUp(base, &writer) }
        for index in 1..<members.count {
            for other in 0..<index where isSame(index, other, base) { return try lookUp(base, &writer) }
        }
    }

    private func name(_ index: Int, _ base: UnsafeRawPointer) -> UnsafeRawBufferPointer {
        let member = members[index]
        return UnsafeRawBufferPointer(start: base + member.start, count: member.nameEnd - member.start)
    }

    private func isSame(_ one: Int, _ other: Int, _ base: UnsafeRawPointer) -> Bool {
        let one = name(one, base)
        let other = name(other, base)
        guard one.count == other.count, let first = one.baseAddress, let second = other.baseAddress else {
            return false
        }
        return NameHash.equal(first, second, one.count)
    }

    /// Finds the members that stand for earlier ones, and if there are any writes all anew.
    private func lookUp(_ base: UnsafeRawPointer, _ writer: inout ByteWriter) throws(EncodingError) {
        let table = try NameTable.make(nameCountMax: members.count)
        // For each member the one whose value it takes; -1: it is left out.
        var source = RawList<Int32>()
        var isMended = false
        for index in 0..<members.count {
            try source.append(Int32(truncatingIfNeeded: index))
            let first = table.findOrInsert(hash: NameHash.of(name(index, base), seed: table.seed), name: index) {
                isSame(index, $0, base)
            }
            guard let first else { continue }
            source[first] = Int32(truncatingIfNeeded: index)
            source[index] = -1
            isMended = true
        }
        if isMended { try rewrite(source, &writer) }
    }

    private func rewrite(_ source: borrowing RawList<Int32>, _ writer: inout ByteWriter) throws(EncodingError) {
        let start = members[0].start
        let copy = ByteBuffer(byteCountMax: writer.offset - start)
        try copy.append(UnsafeRawBufferPointer(start: writer.start + start, count: writer.offset - start))
        writer.next = writer.start + start
        for index in 0..<members.count where source[index] >= 0 {
            let name = members[index]
            let value = members[Int(source[index])]
            try writer.write(copy.part(name.start - start, name.nameEnd - start))
            try writer.write(copy.part(value.nameEnd - start, value.end - start))
        }
        withExtendedLifetime(copy) {}
    }
}
