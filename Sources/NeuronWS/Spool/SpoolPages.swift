// SPDX-License-Identifier: Apache-2.0
import NodeCore

/// The rows of a damaged file by its pages alone, where the tree that leads to them is broken (SQLite's file format,
/// §1.5, §1.6 and §2.1). Nothing of it is believed: messages have their checksums.
struct SpoolPages {
    struct Row {
        let first: Int64
        let count: Int64
        let arrival: Int64
        let number: Int64
        /// As far as it could be found.
        let data: [UInt8]
    }

    private static let leaf: UInt8 = 0x0D
    private static let headBytes = 8
    private static let columns = 5
    /// No larger row is looked for: what says how large one is may be damaged, and its pages go in a circle.
    private static let rowBytesMax: Int64 = 1 << 28

    private let database: Database
    private let pageCount: Int
    private let free: Set<Int>

    init(_ database: Database) {
        self.database = database
        pageCount = database.pagesInFile
        free = Self.freePages(database, pageCount)
    }

    /// Rows on free pages are of the past.
    private static func freePages(_ database: Database, _ pageCount: Int) -> Set<Int> {
        guard let head = database.page(1) else { return [] }
        var free: Set<Int> = []
        var trunk = number(head, 32, 4)
        while trunk > 0, trunk <= pageCount, free.insert(trunk).inserted, let page = database.page(trunk) {
            let count = min(number(page, 4, 4), (Database.pageBytes - headBytes) / 4)
            for index in 0..<count { free.insert(number(page, headBytes + 4 * index, 4)) }
            trunk = number(page, 0, 4)
        }
        return free
    }

    private static func number(_ bytes: [UInt8], _ at: Int, _ count: Int) -> Int {
        guard at >= 0, at + count <= bytes.count else { return 0 }
        return bytes[at..<at + count].reduce(0) { $0 << 8 | Int($1) }
    }

    /// - Parameter isKnown: a row of these messages need not be read, by its first and how many they are.
    func forEachRow(
        isKnown: (Int64, Int64) throws(Database.Failure) -> Bool, _ body: (Row) throws(Database.Failure) -> Void
    ) throws(Database.Failure) {
        guard pageCount > 1 else { return }
        for index in 2...pageCount where !free.contains(index) {
            guard let page = database.page(index), page[0] == Self.leaf else { continue }
            let cells = min(Self.number(page, 3, 2), Database.pageBytes / 4)
            for place in 0..<cells {
                let at = Self.number(page, Self.headBytes + 2 * place, 2)
                guard let cell = cell(page, at), !(try isKnown(cell.first, cell.numbers[0])) else { continue }
                try body(row(page, cell))
            }
        }
    }

    /// Where a row begins in its page, and what stands in front of its messages.
    private struct Cell {
        let at: Int
        let byteCount: Int
        let first: Int64
        let numbers: [Int64]
        let data: Range<Int>
    }

    private func cell(_ page: [UInt8], _ start: Int) -> Cell? {
        var at = start
        guard start >= Self.headBytes, let byteCount = Self.varint(page, &at), let first = Self.varint(page, &at),
            byteCount > 0, byteCount <= min(Self.rowBytesMax, Int64(pageCount) * Int64(Database.pageBytes))
        else { return nil }
        let place = at
        let record = Array(page[place..<min(page.count, place + Self.localBytes(Int(byteCount)))])
        at = 0
        guard let headEnd = Self.varint(record, &at), headEnd <= Int64(record.count) else { return nil }
        var types: [Int64] = []
        while at < headEnd, types.count <= Self.columns, let type = Self.varint(record, &at) { types.append(type) }
        // Its key, three numbers, and the messages: no other table has such rows.
        guard types.count == Self.columns, types[0] == 0, types[4] >= 12, types[4] % 2 == 0 else { return nil }
        at = Int(headEnd)
        var numbers: [Int64] = []
        for type in types[1...3] {
            guard let number = Self.integer(record, &at, type) else { return nil }
            numbers.append(number)
        }
        let dataBytes = min(Int(byteCount), Int(clamping: (types[4] - 12) / 2))
        return Cell(at: place, byteCount: Int(byteCount), first: first, numbers: numbers, data: at..<at + dataBytes)
    }

    private func row(_ page: [UInt8], _ cell: Cell) -> Row {
        let record = payload(page, cell.at, cell.byteCount)
        return Row(
            first: cell.first, count: cell.numbers[0], arrival: cell.numbers[1], number: cell.numbers[2],
            data: Array(record[cell.data.clamped(to: 0..<record.count)]))
    }

    /// What of a row is in its own page.
    private static func localBytes(_ byteCount: Int) -> Int {
        let usable = Database.pageBytes
        guard byteCount > usable - 35 else { return byteCount }
        let least = (usable - 12) * 32 / 255 - 23
        let wanted = least + (byteCount - least) % (usable - 4)
        return wanted <= usable - 35 ? wanted : least
    }

    /// What is in the page, and what is in those behind it.
    private func payload(_ page: [UInt8], _ at: Int, _ byteCount: Int) -> [UInt8] {
        let usable = Database.pageBytes
        let local = Self.localBytes(byteCount)
        guard local < byteCount else { return Array(page[at..<min(page.count, at + byteCount)]) }
        guard at + local + 4 <= page.count else { return [] }
        var bytes = Array(page[at..<at + local])
        var next = Self.number(page, at + local, 4)
        while bytes.count < byteCount, next > 1, next <= pageCount, let more = database.page(next) {
            bytes += more[4..<4 + min(usable - 4, byteCount - bytes.count)]
            next = Self.number(more, 0, 4)
        }
        return bytes
    }

    private static func varint(_ bytes: [UInt8], _ at: inout Int) -> Int64? {
        var value: UInt64 = 0
        for index in 0..<9 {
            guard at < bytes.count else { return nil }
            let byte = bytes[at]
            at += 1
            if index == 8 { return Int64(truncatingIfNeeded: value << 8 | UInt64(byte)) }
            value = value << 7 | UInt64(byte & 0x7F)
            if byte < 0x80 { break }
        }
        return Int64(truncatingIfNeeded: value)
    }

    private static func integer(_ bytes: [UInt8], _ at: inout Int, _ type: Int64) -> Int64? {
        let sizes: [Int64: Int] = [1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8]
        if type == 8 || type == 9 { return type - 8 }
        guard let size = sizes[type], at + size <= bytes.count else { return nil }
        defer { at += size }
        let value = bytes[at..<at + size].reduce(bytes[at] >= 0x80 ? Int64(-1) : 0) { $0 << 8 | Int64($1) }
        return value
    }
}
