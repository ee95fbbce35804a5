// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

/// A disk under a node's cache: what it was told, what of that it has, and how it fails.
struct SimulatedDisk: ~Copyable {
    struct Row {
        var first: Int64
        var count: Int
        var arrival: UInt64
        /// What its first message bears as its number.
        var sequence: UInt64
        var image: [UInt8]
        var end: Int64 { first + Int64(count) }
    }

    struct State {
        var rows: [Row] = []
        var first: Int64 = 1 << 40
        var next: Int64 = 1 << 40
        var clock: UInt64 = 0
        /// No message bears this number or a higher one.
        var number: UInt64 = 1
        /// Messages that are set aside, by their keys.
        var aside: [Int64: UInt64] = [:]
        var bytes: UInt64 { rows.reduce(0) { $0 + UInt64($1.image.count) } }
    }

    /// What a process that starts now finds.
    private(set) var state = State()
    /// What was there before the syncs that were lies; the last is the newest.
    private var beforeLies: [State] = []
    private var keys = SpoolKeys(first: 0, next: 0)
    private var isUncertain = false
    /// Nobody has opened it.
    private(set) var isNew = true
    private var foundNumber: UInt64 = 0
    /// In a hundred.
    var faults = 0
    var liesAboutSync = false
    private(set) var hasLied = false
    /// Work has seemed to fail, done or not.
    private(set) var hasFailed = false
    /// In a thousand: some of what lies there is damaged, and goes.
    var damages = 0
    private(set) var hasDamaged = false
    /// What went so last, until somebody asks.
    private var damaged: Set<UInt64> = []
    /// Gone by the cache's own wish; a process that dies then cannot tell of it.
    private(set) var dropped: Set<UInt64> = []

    // MARK: The process

    /// - Parameter losesPower: what was never synced is gone.
    mutating func restart(losesPower: Bool, _ random: inout Seeded) {
        if losesPower, !beforeLies.isEmpty {
            state = beforeLies[random.below(beforeLies.count)]
            hasLied = true
        }
        beforeLies = []
        isUncertain = false
        if state.rows.isEmpty { state.first = state.next }
    }

    /// What a process finds that opens it.
    /// - Parameter nextNumber: of a new file.
    mutating func open(nextNumber: UInt64) -> MessageCache.Found {
        if isNew { state.number = nextNumber }
        isNew = false
        foundNumber = state.number
        if let gap = gaps().first, gap.lowerBound == 0 { state.first += Int64(gap.upperBound) }
        var found = MessageCache.Found(
            count: UInt64(state.next - state.first), bytes: state.bytes, clock: state.clock)
        found.nextNumber = state.number
        found.asideCount = UInt64(state.aside.count)
        found.gaps = gaps()
        state.number += MessageCache.numbersReserved
        keys = SpoolKeys(first: state.first, next: state.next)
        return found
    }

    /// As a file knows them: not what a damage took.
    private func gaps() -> [Range<UInt64>] {
        var gaps: [Range<UInt64>] = []
        var end = state.first
        func passes(_ next: Int64) {
            if next > end { gaps.append(UInt64(end - state.first)..<UInt64(next - state.first)) }
        }
        if hasDamaged { return [] }
        for row in state.rows {
            passes(row.first)
            end = max(end, row.end)
        }
        passes(state.next)
        return gaps
    }

    /// What is there is deleted.
    mutating func forget() {
        state = State()
        isNew = true
        beforeLies = []
        isUncertain = false
    }

    /// The process ends as it should.
    mutating func setNextNumber(_ number: UInt64) { state.number = max(foundNumber, number) }

    mutating func setFirst(_ id: UInt64, openID: UInt64) { keys.begin(id, openID: openID) }

    private func key(_ id: UInt64) -> Int64 { keys.key(id) }
    private func id(_ key: Int64) -> UInt64 { keys.id(key) }

    // MARK: Work

    /// Does it, or not.
    mutating func perform(
        _ work: consuming SpoolWork, _ random: inout Seeded, _ make: (Int) -> MessageChunk?
    ) -> SpoolResult {
        var result = SpoolResult(work)
        if damages > 0, random.below(1000) < damages {
            result.isSalvaged = damage(&random)
            result.missing = result.isSalvaged ? missing() : []
        }
        let fails = random.chance(faults)
        // A commit that fails may have been done.
        if !fails || random.chance(30) {
            if liesAboutSync, !result.work.batches.isEmpty { beforeLies.append(state) }
            change(&result)
        }
        if fails {
            result.fault = random.pick([.full, .ioError, .readOnly])
            result.isTooMuch = result.fault == .full && result.work.batches.holdsSeveral
            result.diskBytes = state.bytes
            keys.restore(first: state.first, next: state.next)
            result.forgottenBefore = id(keys.first)
            result.gone = []
            result.compacted = []
            result.hasMoreToCompact = false
            isUncertain = true
            hasFailed = true
            return result
        }
        keys.committed(first: state.first, end: state.next)
        if !result.work.batches.isEmpty, result.work.replaces.isEmpty { isUncertain = false }
        if result.work.loadsFrom > 0 { load(&result, make) }
        result.diskBytes = state.bytes
        result.asideCount = UInt64(state.aside.count)
        return result
    }

    private mutating func damage(_ random: inout Seeded) -> Bool {
        guard !state.rows.isEmpty else { return false }
        let share = random.pick([10, 50, 100])
        let rows = exchange(&state.rows, with: [])
        for row in rows {
            let kept = !random.chance(share) ? [row] : random.chance(50) ? salvaged(row, &random) : []
            state.rows += kept
            damaged.formUnion(Set(Self.numbers(row.image)).subtracting(kept.flatMap { Self.numbers($0.image) }))
        }
        hasDamaged = true
        return true
    }

    /// Of a batch of which one bit is another what is whole, as `SpoolRescue`.
    private func salvaged(_ row: Row, _ random: inout Seeded) -> [Row] {
        var torn = row
        torn.image[random.below(row.image.count)] ^= 1 << UInt8(random.below(8))
        guard let chunk = MessageChunk.fitting(row.image.count),
            torn.image.withUnsafeBytes({
                chunk.setImage($0, firstID: id(row.first), count: row.count)
            })
        else { return [] }
        _ = chunk.setNumber(id(row.first), bearing: row.sequence)
        var parts: [Row] = []
        var chunks = chunk.salvaged { MessageChunk.fitting($0 + MessageChunk.imageHeadBytes) }
        while let part = chunks.removeFirst() {
            part.seal()
            parts.append(
                Row(
                    first: key(part.firstNumber), count: part.messageCount, arrival: row.arrival,
                    sequence: part.sequence, image: part.withImage { Array($0) }))
        }
        // Messages without numbers of their own count as the first ones, whichever they are: nobody could tell.
        let numbers = Self.numbers(row.image)
        let areInPlace = parts.allSatisfy { part in
            Self.numbers(part.image).enumerated().allSatisfy { numbers[Int(part.first - row.first) + $0] == $1 }
        }
        return areInPlace ? parts : []
    }

    /// As `SpoolStore.missing`.
    private func missing() -> [Range<UInt64>] {
        var gaps: [Range<UInt64>] = []
        var next = keys.first
        for row in state.rows {
            if row.first > next { gaps.append(id(next)..<id(row.first)) }
            next = max(next, row.end)
        }
        if keys.next > next { gaps.append(id(next)..<id(keys.next)) }
        return gaps
    }

    /// What was damaged since this was asked last.
    mutating func takeDamaged() -> Set<UInt64> { exchange(&damaged, with: []) }

    private mutating func change(_ result: inout SpoolResult) {
        let forgets = keys.first(forgetting: result.work.forgetsBefore)
        if keys.givenAnew > 0 {
            cutFirstRow()
            state.aside = Dictionary(uniqueKeysWithValues: state.aside.map { ($0.key - keys.givenAnew, $0.value) })
        }
        state.rows.removeAll { $0.end <= forgets }
        for ids in result.work.takenOut {
            rewrite(from: key(ids.lowerBound), result.work.forgetsBefore) { chunk, _ in
                let own = chunk.firstNumber..<chunk.endNumber
                if ids.upperBound <= own.lowerBound { return nil }
                return own.overlaps(ids) ? [GroupLatest.Part(ids: ids.clamped(to: own), bytes: 0)] : []
            }
        }
        compact(&result)
        drop(&result)
        let replaced = key(result.work.replaces.lowerBound)..<key(result.work.replaces.upperBound)
        state.rows.removeAll { replaced.contains($0.first) }
        for message in result.work.setAside {
            state.aside[key(message.id)] = message.withBytes { Message.content(of: Array($0)) }
        }
        var rows: [Row] = []
        result.work.batches.forEach { batch in
            guard let chunk = batch.whole() else { fatalError("no memory") }
            chunk.seal()
            rows.append(
                Row(
                    first: key(chunk.firstNumber), count: chunk.messageCount,
                    arrival: chunk.arrival, sequence: chunk.sequence, image: chunk.withImage { Array($0) }))
        }
        if let first = rows.first {
            for part in isUncertain && result.work.replaces.isEmpty ? keys.unsure(from: first.first) : [] {
                state.rows.removeAll { $0.end > part.lowerBound && $0.first < part.upperBound }
            }
            state.rows += rows
            state.rows.sort { $0.first < $1.first }
        }
        state.next = max(state.next, rows.last?.end ?? 0, forgets)
        state.first = forgets
        state.number = max(state.number, result.work.reservesNumber)
        state.clock = result.work.clock
    }

    /// As `Database.cutRows`.
    private mutating func cutFirstRow() {
        guard let first = state.rows.first, first.first < state.first, let chunk = chunk(of: first) else { return }
        state.rows.removeFirst()
        chunk.removeMessages(before: id(state.first))
        guard chunk.messageCount > 0 else { return }
        chunk.seal()
        state.rows.insert(
            Row(
                first: key(chunk.firstNumber), count: chunk.messageCount, arrival: first.arrival,
                sequence: chunk.sequence, image: chunk.withImage { Array($0) }), at: 0)
    }

    private mutating func compact(_ result: inout SpoolResult) {
        guard let latest = result.work.latest else { return }
        var left = result.work.compactsBytes
        var compacted: [GroupLatest.Part] = []
        let from = max(result.work.compactsFrom, result.work.latestFrom)
        rewrite(from: key(result.work.compactsFrom), result.work.forgetsBefore) { chunk, freed in
            left -= min(left, freed)
            if left == 0 {
                result.hasMoreToCompact = true
                return nil
            }
            let parts = latest.superseded(in: chunk, from: from)
            compacted += parts
            return parts
        }
        result.compacted += compacted
    }

    /// Rows from this key on without those that are forgotten, and what `parts` says.
    /// - Parameter parts: of a row, and what the one before has made free; nil: it stays, and all behind it.
    private mutating func rewrite(
        from key: Int64, _ forgets: UInt64, _ parts: (MessageChunk, UInt64) -> [GroupLatest.Part]?
    ) {
        var rows: [Row] = []
        var freed: UInt64 = 0
        var isOver = false
        for row in state.rows {
            guard !isOver, row.end > key, let chunk = chunk(of: row) else {
                rows.append(row)
                continue
            }
            chunk.removeMessages(before: forgets)
            guard let parts = parts(chunk, freed) else {
                isOver = true
                rows.append(row)
                continue
            }
            let rest = GroupLatest.rest(of: chunk, from: chunk.firstNumber, without: parts) ?? []
            freed = UInt64(row.image.count)
            let before = Set(Self.numbers(row.image))
            var after: Set<UInt64> = []
            for part in rest {
                let image = part.withImage { Array($0) }
                freed -= UInt64(image.count)
                after.formUnion(Self.numbers(image))
                rows.append(
                    Row(
                        first: self.key(part.firstNumber), count: part.messageCount,
                        arrival: row.arrival, sequence: part.sequence, image: image))
            }
            dropped.formUnion(before.subtracting(after))
        }
        state.rows = rows
    }

    private func chunk(of row: Row) -> MessageChunk? {
        guard let chunk = MessageChunk.fitting(row.image.count) else { return nil }
        let fits = row.image.withUnsafeBytes { chunk.setImage($0, firstID: id(row.first), count: row.count) }
        precondition(fits && chunk.isImageWhole)
        _ = chunk.setNumber(id(row.first), bearing: row.sequence)
        return chunk
    }

    private func endKey(_ work: borrowing SpoolWork) -> Int64 {
        work.movesBefore == .max ? .max : key(work.movesBefore)
    }

    private mutating func drop(_ result: inout SpoolResult) {
        let from = key(result.work.dropsFrom)
        var left = result.work.dropsBytes
        let expires = result.work.expiresBefore
        guard left > 0 || expires > 0 else { return }
        let end = endKey(result.work)
        while let index = state.rows.firstIndex(where: { $0.end > from }) {
            let row = state.rows[index]
            let isOld = expires > 0 && row.arrival < expires
            guard isOld || left > 0, row.end <= end else { return }
            if !isOld { left -= min(left, UInt64(row.image.count)) }
            state.rows.remove(at: index)
            dropped.formUnion(Self.numbers(row.image))
            let ids = id(max(row.first, from))..<id(row.end)
            result.gone.append(
                SpoolResult.Gone(
                    ids: ids, bytes: UInt64(row.image.count),
                    outcome: isOld ? .NEURON_WS_EXPIRED : .NEURON_WS_DROPPED_OVERFLOW))
        }
    }

    private func load(_ result: inout SpoolResult, _ make: (Int) -> MessageChunk?) {
        let wanted = key(result.work.loadsFrom)
        result.loadedEnd = .max
        var loaded = 0
        let end = endKey(result.work)
        for row in state.rows where row.end > wanted {
            if loaded > 0 && loaded >= result.work.loadsBytes || row.end > end {
                result.loadedEnd = id(row.first)
                return
            }
            guard let chunk = make(row.image.count) else { return }
            let fits = row.image.withUnsafeBytes { chunk.setImage($0, firstID: id(row.first), count: row.count) }
            precondition(fits && chunk.isImageWhole)
            chunk.arrival = row.arrival
            _ = chunk.setNumber(id(row.first), bearing: row.sequence)
            chunk.removeMessages(before: id(max(row.first, wanted)))
            loaded += row.image.count
            result.loadedBytes += UInt64(row.image.count)
            result.loaded.append(chunk)
        }
    }

    /// Which messages are there, by their keys from the first without outcome on.
    func messages() -> [(key: Int64, number: UInt64)] {
        var found: [(key: Int64, number: UInt64)] = []
        for row in state.rows {
            for (index, number) in Self.numbers(row.image).enumerated() where row.first + Int64(index) >= state.first {
                found.append((row.first + Int64(index), number))
            }
        }
        return found
    }

    private static func numbers(_ image: [UInt8]) -> [UInt64] {
        var numbers: [UInt64] = []
        var offset = 0
        while offset + 16 <= image.count {
            let size = image[(offset + 4)..<(offset + 8)].reversed().reduce(0) { $0 << 8 | Int($1) }
            numbers.append(Message.content(of: Array(image[(offset + 16)..<(offset + 16 + size)])) ?? 0)
            offset += (16 + size + 7) & ~7
        }
        return numbers
    }
}
