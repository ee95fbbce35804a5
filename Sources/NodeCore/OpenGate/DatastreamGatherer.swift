import CNeuronWS

/// Values that wait for the publishing time of their datastreams (setting opengate-publish), as the texts that they
/// become. Times are monotonic nanoseconds. Not locked: its owner brings a lock, on which others wait: each call does
/// little, however much waits here.
///
/// Invariants: `byteCount` is what all of `baskets` take; `places` has exactly those; each has an entry of its own
/// number in `order`, where there may be others that stand for nothing any more.
public struct DatastreamGatherer {
    /// Past so many bytes everything is published before its time.
    public static let byteCountMax = 4 << 20
    /// What a datastream takes besides its texts, bytes.
    private static let ownBytes = 128
    /// What a basket takes besides its texts and datastreams, bytes.
    private static let basketBytes = 512
    /// How much is taken in at a time: see `add`.
    private static let valuesPerStep = 256
    private static let bytesPerStep = 64 * 1024

    fileprivate struct Datastream: Sendable {
        /// JSON.
        let name: [UInt8]
        /// `{…},{…}`
        var datapoints: [UInt8]
        var count: Int
    }

    /// What belongs together: the device, a NUL and the group, and the publishing time.
    fileprivate struct Key: Hashable, Sendable {
        let names: [UInt8]
        let period: UInt64
    }

    /// What is published together: a group's values that have one publishing time.
    public struct Basket: Sendable {
        fileprivate let key: Key
        let device: [UInt8]
        /// As JSON.
        let quotedGroup: [UInt8]
        fileprivate var due: UInt64
        /// Of its entry in the order.
        fileprivate var number: UInt64 = 0
        let statics: StaticTagSet
        fileprivate var datastreams: [Datastream] = []
        fileprivate var places: [[UInt8]: Int] = [:]
        fileprivate(set) var byteCount: Int
        public fileprivate(set) var valueCount = 0

        fileprivate init(_ key: Key, _ split: Split, due: UInt64) {
            self.key = key
            device = Array(split.view.driver)
            quotedGroup = split.quotedGroup
            statics = split.statics
            self.due = due
            byteCount = DatastreamGatherer.basketBytes + device.count + key.names.count + quotedGroup.count
        }

        fileprivate mutating func add(
            _ name: UnsafeRawBufferPointer, _ datapoints: UnsafeRawBufferPointer, count: Int
        ) {
            byteCount += datapoints.count + 1
            valueCount += count
            let name = Array(name)
            if let place = places[name] {
                datastreams[place].datapoints.append(0x2c)
                datastreams[place].datapoints.append(contentsOf: datapoints)
                datastreams[place].count += count
                return
            }
            places[name] = datastreams.count
            byteCount += name.count * 2 + DatastreamGatherer.ownBytes
            datastreams.append(Datastream(name: name, datapoints: Array(datapoints), count: count))
        }
    }

    /// Nil where none stands; `free` has those places.
    private var baskets: [Basket?] = []
    private var free: [Int] = []
    private var places: [Key: Int] = [:]
    private var order = DueOrder()
    private var lastNumber: UInt64 = 0
    public private(set) var byteCount = 0

    public init() {}

    public var isEmpty: Bool { places.isEmpty }
    public var isFull: Bool { byteCount >= Self.byteCountMax }

    /// The earliest time at which there may be something to publish; nil: nothing waits.
    public var nextDue: UInt64? { isEmpty ? nil : order.first?.due }

    /// What may be needed to take this in, bytes: nothing here can do without.
    public func memoryNeeded(_ split: Split) -> Int { (byteCount + split.byteCount) * 3 }

    /// Takes in what `split` has set apart, some of it at a time: call again, from where it came, until it says that
    /// this was the last.
    public mutating func add(_ split: Split, from next: inout Int, now: UInt64) -> Bool {
        var bytes = 0
        let end = min(split.count, next + Self.valuesPerStep)
        while next < end, bytes < Self.bytesPerStep {
            split.withValue(next) { period, name, datapoint in
                let key = Key(names: split.names, period: period)
                let place: Int
                if let found = places[key] {
                    place = found
                } else {
                    place = put(Basket(key, split, due: now &+ period))
                }
                let before = baskets[place]?.byteCount ?? 0
                baskets[place]?.add(name, datapoint, count: 1)
                byteCount += (baskets[place]?.byteCount ?? 0) - before
                bytes += name.count + datapoint.count
            }
            next += 1
        }
        return next == split.count
    }

    /// What is due first, to be published now; nil: nothing is.
    public mutating func takeNext(now: UInt64) -> Basket? {
        while let first = order.first, first.due <= now {
            order.removeFirst()
            guard baskets.indices.contains(first.place), let basket = baskets[first.place],
                basket.number == first.number
            else { continue }
            remove(at: first.place)
            return basket
        }
        return nil
    }

    /// All that waits, to be published before its time, in the order in which it would have been due.
    public mutating func takeAll() -> All {
        let all = All(order: order, baskets: baskets)
        self = DatastreamGatherer(lastNumber: lastNumber)
        return all
    }

    private init(lastNumber: UInt64) { self.lastNumber = lastNumber }

    /// It could not be published: it is due again after another time, before what has come since.
    public mutating func giveBack(_ basket: Basket, now: UInt64) {
        var older = basket
        older.due = now &+ older.key.period
        if let place = places[older.key], let newer = baskets[place] {
            remove(at: place)
            older.due = min(older.due, newer.due)
            for datastream in newer.datastreams {
                datastream.name.withUnsafeBytes { name in
                    datastream.datapoints.withUnsafeBytes { older.add(name, $0, count: datastream.count) }
                }
            }
        }
        _ = put(older)
    }

    /// - Returns: its place.
    private mutating func put(_ basket: Basket) -> Int {
        lastNumber += 1
        var basket = basket
        basket.number = lastNumber
        byteCount += basket.byteCount
        let place = free.popLast() ?? baskets.count
        if place == baskets.count { baskets.append(basket) } else { baskets[place] = basket }
        places[basket.key] = place
        order.insert(DueOrder.Entry(due: basket.due, number: basket.number, place: place))
        return place
    }

    private mutating func remove(at place: Int) {
        guard let basket = baskets[place] else { return }
        baskets[place] = nil
        free.append(place)
        places[basket.key] = nil
        byteCount -= basket.byteCount
        // Nothing is kept of what was once much.
        if places.isEmpty { self = DatastreamGatherer(lastNumber: lastNumber) }
    }

    /// What was taken as a whole.
    public struct All: Sendable {
        private var order: DueOrder
        private var baskets: [Basket?]

        fileprivate init(order: DueOrder, baskets: [Basket?]) {
            self.order = order
            self.baskets = baskets
        }

        /// The next one; nil: that was all.
        public mutating func next() -> Basket? {
            while let first = order.first {
                order.removeFirst()
                guard let basket = baskets[first.place], basket.number == first.number else { continue }
                baskets[first.place] = nil
                return basket
            }
            return nil
        }
    }
}

extension DatastreamGatherer.Basket {
    /// Appends the message: each datastream with all its datapoints, then the static tags with the time of now.
    public func write(
        _ gateway: OpenGateIdentity, timestampMilliseconds: Int64, into buffer: ByteBuffer
    ) throws(EncodingError) {
        var writer = try ByteWriter.open(buffer)
        guard let beginning = gateway.beginning(device: device) else { throw .noMemory }
        try writer.write(beginning)
        let start = writer.offset
        for datastream in datastreams {
            try writer.write(",{\"id\":")
            try writer.write(datastream.name)
            try beginDatapoints(to: &writer)
            try writer.write(datastream.datapoints)
            try writer.write("]}")
        }
        var runs = RawList<StaticRun>()
        try statics.appendRuns(to: &runs)
        for number in 0..<runs.count {
            guard let tags = statics.tags(runs[number]) else { continue }
            for index in Int(runs[number].lower)..<Int(runs[number].upper) {
                try writer.write(",{\"id\":")
                try writer.write(tags.name(index))
                try beginDatapoints(to: &writer)
                try writer.write("{")
                if !gateway.isReduced {
                    try writer.write("\"at\":")
                    try writer.writeInteger(timestampMilliseconds)
                    try writer.write(",")
                }
                try writer.write("\"value\":")
                try writer.write(tags.value(index))
                try writer.write("}]}")
            }
        }
        try SectionWriter.close(from: start, open: 0x5b, &writer)
        try writer.writeByte(0x7d)
        try writer.finish()
    }

    private func beginDatapoints(to writer: inout ByteWriter) throws(EncodingError) {
        try writer.write(",\"feed\":")
        try writer.write(quotedGroup)
        try writer.write(",\"datapoints\":[")
    }
}
