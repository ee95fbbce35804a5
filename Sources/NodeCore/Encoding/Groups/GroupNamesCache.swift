// SPDX-License-Identifier: Apache-2.0
/// The names of the groups that a node has pushed last: taken out for a push and given back after it, so that pushes of
/// the same group may run on several threads; those who find nothing take the names in anew.
///
/// Not locked: the owner brings a lock, and frees without it what `give` returns. Bounded in bytes: a node may have a
/// hundred thousand groups. What was not used lately goes first.
///
/// Invariants: `byteCount <= byteCountMax`, `count * 2 <= places.count` unless there are `placeCountMax` or there was
/// no memory for more.
public struct GroupNamesCache {
    /// For all groups of a node, bytes: 4 MiB.
    public static let byteCountMax = 4 << 20
    /// The names of one group that takes more are not kept, bytes: 1 MiB.
    public static let groupBytesMax = 1 << 20
    private static let placeCountMax = 8192
    /// How many places one call of `give` looks at to make room.
    private static let sweepMax = 16

    /// Each group may stand in two places.
    private var places = GroupPlaces()
    private(set) var count = 0
    public private(set) var byteCount = 0
    private var hand = 0

    public init() {}

    /// The names of the group of this hash, or of one that shares it; nil: there are none.
    public mutating func take(_ hash: UInt64) -> GroupNames? {
        if places.count == 0 { return nil }
        let place = Int(truncatingIfNeeded: hash) & (places.count - 1)
        return take(place, hash) ?? take(place ^ 1, hash)
    }

    private mutating func take(_ place: Int, _ hash: UInt64) -> GroupNames? {
        guard let names = places[place], names.hash == hash else { return nil }
        remove(place)
        names.wasUsed = true
        return names
    }

    /// Keeps a group's names. Returns those that must go.
    public mutating func give(_ names: GroupNames, _ hash: UInt64) -> GroupNames? {
        names.hash = hash
        if names.byteCount > Self.groupBytesMax { return names }
        var gone: GroupNames?
        makeRoom(names.byteCount, &gone)
        if byteCount + names.byteCount > Self.byteCountMax {
            names.thrownOut = gone
            return names
        }
        if (count + 1) * 2 > places.count && places.count < Self.placeCountMax { grow() }
        if places.count == 0 { return names }
        put(names, &gone)
        return gone
    }

    private mutating func makeRoom(_ needed: Int, _ gone: inout GroupNames?) {
        var looks = 0
        while byteCount + needed > Self.byteCountMax && looks < Self.sweepMax {
            hand = (hand + 1) & (places.count - 1)
            looks += 1
            if places[hand]?.wasUsed == true { places[hand]?.wasUsed = false } else { throwOut(hand, &gone) }
        }
    }

    /// In one of its places; of two that others have, where one was of no use lately.
    private mutating func put(_ names: GroupNames, _ gone: inout GroupNames?) {
        let home = Int(truncatingIfNeeded: names.hash) & (places.count - 1)
        let other = home ^ 1
        let place: Int
        if places[other]?.hash == names.hash {
            place = other
        } else if places[home] == nil || places[home]?.hash == names.hash {
            place = home
        } else if places[other] == nil {
            place = other
        } else {
            place = places[home]?.wasUsed == true && places[other]?.wasUsed != true ? other : home
            places[place ^ 1]?.wasUsed = false
        }
        throwOut(place, &gone)
        places[place] = names
        count += 1
        byteCount += names.byteCount
    }

    private mutating func throwOut(_ place: Int, _ gone: inout GroupNames?) {
        guard let names = places[place] else { return }
        remove(place)
        names.thrownOut = gone
        gone = names
    }

    private mutating func remove(_ place: Int) {
        byteCount -= places[place]?.byteCount ?? 0
        places[place] = nil
        count -= 1
    }

    /// Twice the places: each pair becomes two. Where there is no memory, groups share places.
    private mutating func grow() {
        guard let larger = GroupPlaces(count: max(16, places.count * 2)) else { return }
        for index in 0..<places.count {
            guard let names = places[index] else { continue }
            let place = Int(truncatingIfNeeded: names.hash) & (larger.count - 1)
            // Of a pair, no more than two come to one place and its neighbour.
            larger[larger[place] == nil ? place : place ^ 1] = names
        }
        places = larger
    }

    /// Traps when an invariant does not hold; for tests.
    func checkInvariants() {
        var bytes = 0
        var found = 0
        for place in 0..<places.count {
            guard let names = places[place] else { continue }
            bytes += names.byteCount
            found += 1
            let home = Int(truncatingIfNeeded: names.hash) & (places.count - 1)
            precondition(place == home || place == home ^ 1)
        }
        precondition(bytes == byteCount && found == count && byteCount <= Self.byteCountMax)
    }
}

/// Places for names, in memory that may not be there: a host decides how many groups there are.
private final class GroupPlaces {
    /// Retained.
    private var list = RawList<UnsafeMutableRawPointer?>()

    /// None, without memory.
    init() {}

    init?(count: Int) {
        do throws(EncodingError) {
            try list.reserve(count)
            for _ in 0..<count { try list.append(nil) }
        } catch { return nil }
    }

    deinit { for place in 0..<list.count { self[place] = nil } }

    var count: Int { list.count }

    subscript(place: Int) -> GroupNames? {
        get { list[place].map { Unmanaged<GroupNames>.fromOpaque($0).takeUnretainedValue() } }
        set {
            let old = list[place]
            list[place] = newValue.map { Unmanaged.passRetained($0).toOpaque() }
            if let old { Unmanaged<GroupNames>.fromOpaque(old).release() }
        }
    }
}
