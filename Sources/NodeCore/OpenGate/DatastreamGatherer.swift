// SPDX-License-Identifier: Apache-2.0
import CJansson
import CNeuronWS

/// Values that wait for the publishing time of their datastreams (setting opengate-publish), as the texts that they
/// become. Times are monotonic nanoseconds. Not locked: its owner brings a lock, on which others wait: each call does
/// little, however much waits here, and takes memory only in `promise`.
///
/// Invariants: `byteCount` is what all baskets take; each stands in `order` and in its bucket; there is room in `order`
/// for `promised` more.
public final class DatastreamGatherer: @unchecked Sendable {
    /// Past so many bytes everything is published before its time.
    public static let byteCountMax = 4 << 20
    /// How many baskets are taken in at a time: see `add`.
    private static let basketsPerStep = 256

    private var order = DueOrder()
    /// By their names and publishing time; those of one bucket are linked.
    private var buckets = RawList<UnsafeMutableRawPointer?>()
    private var promised = 0
    private var lastNumber: UInt64 = 0
    public private(set) var byteCount = 0

    public init() {}

    /// For the baskets' hashes: where this lies, which nobody outside knows.
    var seed: UInt64 {
        UInt64(UInt(bitPattern: Unmanaged.passUnretained(self).toOpaque())) &* 0x9E37_79B9_7F4A_7C15
    }

    public var isEmpty: Bool { order.count == 0 }
    public var isFull: Bool { byteCount >= Self.byteCountMax }
    /// How many publish together.
    public var count: Int { order.count }

    /// The earliest time at which there is something to publish; nil: nothing waits.
    public var nextDue: UInt64? { order.firstDue }

    // MARK: Taking in

    /// Makes room for so many more baskets, which `add` takes in then. False: there is no memory, and nothing has
    /// changed.
    public func promise(_ count: Int) -> Bool {
        do throws(EncodingError) {
            let needed = order.count + promised + count
            try order.reserve(needed)
            if needed > buckets.count { try growBuckets(to: needed) }
        } catch { return false }
        promised += count
        return true
    }

    /// So many of those that were promised do not come.
    public func release(_ count: Int) {
        promised -= count
        precondition(promised >= 0)
        // Nothing is kept of what was once much.
        if promised == 0, isEmpty {
            order = DueOrder()
            buckets = RawList()
        }
    }

    /// Takes in some of the baskets, which are linked.
    /// - Returns: the others: call again.
    public func add(_ first: DatastreamBasket, now: UInt64) -> DatastreamBasket? {
        var rest: DatastreamBasket? = first
        for _ in 0..<Self.basketsPerStep {
            guard let basket = rest else { return nil }
            rest = basket.next
            basket.next = nil
            if let waiting = find(basket) {
                byteCount += basket.valueByteCount
                waiting.append(basket)
                promised -= 1
            } else {
                put(basket, due: now &+ basket.period)
            }
        }
        return rest
    }

    /// It could not be published: it is due again after another time, before what has come since.
    public func giveBack(_ basket: DatastreamBasket, now: UInt64) {
        guard let newer = find(basket) else { return put(basket, due: now &+ basket.period) }
        // That one came later, and is due before as much time is over again.
        byteCount += basket.valueByteCount
        newer.prepend(basket)
        release(1)
    }

    /// Of a basket that was promised.
    private func put(_ basket: DatastreamBasket, due: UInt64) {
        lastNumber += 1
        promised -= 1
        do throws(EncodingError) {
            try order.insert(basket, due: due, number: lastNumber)
        } catch { preconditionFailure("the room was not promised") }
        byteCount += basket.byteCount
        link(basket)
    }

    // MARK: Taking out

    /// What is due first, to be published now; nil: nothing is. What becomes of it goes to `giveBack`, or to `release`
    /// as one.
    public func takeNext(now: UInt64) -> DatastreamBasket? {
        guard let due = order.firstDue, due <= now, let basket = order.removeFirst() else { return nil }
        unlink(basket)
        byteCount -= basket.byteCount
        promised += 1
        return basket
    }

    // MARK: Buckets

    private func bucket(of basket: DatastreamBasket) -> Int {
        Int(truncatingIfNeeded: basket.hash & UInt64(buckets.count - 1))
    }

    private static func basket(_ pointer: UnsafeMutableRawPointer) -> DatastreamBasket {
        Unmanaged<DatastreamBasket>.fromOpaque(pointer).takeUnretainedValue()
    }

    private func find(_ key: DatastreamBasket) -> DatastreamBasket? {
        if isEmpty { return nil }
        var next = buckets[bucket(of: key)]
        while let pointer = next {
            let basket = Self.basket(pointer)
            if basket.isSame(key) { return basket }
            next = basket.nextInBucket
        }
        return nil
    }

    private func link(_ basket: DatastreamBasket) {
        let place = bucket(of: basket)
        basket.nextInBucket = buckets[place]
        buckets[place] = Unmanaged.passUnretained(basket).toOpaque()
    }

    private func unlink(_ basket: DatastreamBasket) {
        let place = bucket(of: basket)
        let own = Unmanaged.passUnretained(basket).toOpaque()
        guard buckets[place] != own else {
            buckets[place] = basket.nextInBucket
            return
        }
        var next = buckets[place]
        while let pointer = next {
            let other = Self.basket(pointer)
            if other.nextInBucket == own { other.nextInBucket = basket.nextInBucket }
            next = other.nextInBucket
        }
    }

    /// Their number is a power of two.
    private func growBuckets(to count: Int) throws(EncodingError) {
        var larger = RawList<UnsafeMutableRawPointer?>()
        var size = 16
        while size < count { size *= 2 }
        try larger.reserve(size)
        for _ in 0..<size { try larger.append(nil) }
        let old = buckets.count
        swap(&buckets, &larger)
        for place in 0..<old {
            var next = larger[place]
            while let pointer = next {
                let basket = Self.basket(pointer)
                next = basket.nextInBucket
                link(basket)
            }
        }
    }
}
