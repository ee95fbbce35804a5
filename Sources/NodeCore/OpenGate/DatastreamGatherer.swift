import CJansson
import CNeuronWS

/// Values that wait for the publishing time of their datastreams (setting opengate-publish), as the texts that they
/// become. Times are monotonic nanoseconds. Not locked: its owner brings a lock.
///
/// Invariant: `byteCount` is what all of `baskets` take.
public struct DatastreamGatherer {
    /// Past so many bytes everything is published before its time.
    public static let byteCountMax = 4 << 20
    /// What a datastream takes besides its texts, bytes.
    private static let ownBytes = 128

    fileprivate struct Datastream {
        /// JSON.
        let name: [UInt8]
        /// `{…},{…}`
        var datapoints: [UInt8]
        var count: Int
    }

    /// What is published together: a group's values that have one publishing time.
    public struct Basket: Sendable {
        let device: [UInt8]
        /// As it came, and as JSON.
        let group: [UInt8]
        let quotedGroup: [UInt8]
        let period: UInt64
        var due: UInt64
        let statics: StaticTagSet
        fileprivate var datastreams: [Datastream] = []
        fileprivate var places: [[UInt8]: Int] = [:]
        fileprivate(set) var byteCount = 0
        public fileprivate(set) var valueCount = 0

        fileprivate func isOf(_ view: GroupView, _ period: UInt64) -> Bool {
            self.period == period && view.driver.elementsEqual(device) && view.group.elementsEqual(group)
        }

        fileprivate mutating func add(_ name: [UInt8], _ datapoints: [UInt8], count: Int) {
            byteCount += datapoints.count + 1
            valueCount += count
            if let place = places[name] {
                datastreams[place].datapoints += [0x2c] + datapoints
                datastreams[place].count += count
                return
            }
            places[name] = datastreams.count
            byteCount += name.count * 2 + DatastreamGatherer.ownBytes
            datastreams.append(Datastream(name: name, datapoints: datapoints, count: count))
        }
    }

    private var baskets: [Basket] = []
    public private(set) var byteCount = 0

    public init() {}

    public var isEmpty: Bool { baskets.isEmpty }
    public var isFull: Bool { byteCount >= Self.byteCountMax }

    /// When there is something to publish; nil: nothing waits.
    public var nextDue: UInt64? {
        var next: UInt64?
        for basket in baskets { next = min(next ?? .max, basket.due) }
        return next
    }

    /// Takes in what `split` has set apart.
    public mutating func add(_ split: Split, now: UInt64) {
        for value in split.values {
            let place: Int
            if let found = baskets.firstIndex(where: { $0.isOf(split.view, value.period) }) {
                place = found
            } else {
                place = baskets.count
                baskets.append(
                    Basket(
                        device: Array(split.view.driver), group: Array(split.view.group),
                        quotedGroup: split.quotedGroup,
                        period: value.period, due: now &+ value.period, statics: split.statics))
            }
            let before = baskets[place].byteCount
            baskets[place].add(value.name, value.datapoint, count: 1)
            byteCount += baskets[place].byteCount - before
        }
    }

    /// What is due, to be published now; `now` nil: everything.
    public mutating func take(now: UInt64?) -> [Basket] {
        var due: [Basket] = []
        var left: [Basket] = []
        for basket in baskets {
            if now.map({ basket.due <= $0 }) ?? true { due.append(basket) } else { left.append(basket) }
        }
        baskets = left
        for basket in due { byteCount -= basket.byteCount }
        return due
    }

    /// It could not be published: it is due again after another time, before what has come since.
    public mutating func giveBack(_ basket: Basket, now: UInt64) {
        var older = basket
        older.due = now &+ basket.period
        if let place = baskets.firstIndex(where: {
            $0.period == basket.period && $0.device == basket.device && $0.group == basket.group
        }) {
            let newer = baskets.remove(at: place)
            byteCount -= newer.byteCount
            older.due = min(older.due, newer.due)
            for datastream in newer.datastreams {
                older.add(datastream.name, datastream.datapoints, count: datastream.count)
            }
        }
        byteCount += older.byteCount
        baskets.append(older)
    }
}

extension DatastreamGatherer {
    /// A group, taken apart: what goes at once, and what is gathered.
    public struct Split {
        fileprivate struct Value {
            let period: UInt64
            let name: [UInt8]
            let datapoint: [UInt8]
        }

        fileprivate let view: GroupView
        fileprivate let statics: StaticTagSet
        fileprivate let quotedGroup: [UInt8]
        fileprivate private(set) var values: [Value] = []
        private let memory: TagMemory
        private var atOnceCount = 0

        /// Whether any value is gathered.
        public var gathers: Bool { !values.isEmpty }
        /// The tags that go at once, errors among them; nil: there are none. It borrows what the group borrows, and
        /// lives as long as this.
        public var atOnce: GroupView? {
            if atOnceCount == 0 { return nil }
            return GroupView(
                driver: view.driver, group: view.group, timestampMilliseconds: view.timestampMilliseconds,
                tags: memory.start, tagCount: atOnceCount, stride: view.stride)
        }

        public init(
            _ view: GroupView, _ times: PublishTimes, timestampMilliseconds: Int64, _ options: EncodingOptions,
            own: StaticTags?
        ) throws(EncodingError) {
            self.view = view
            statics = StaticTagSet(node: options.staticTags, own: own)
            memory = try TagMemory(byteCount: view.tagCount * view.stride)
            let scratch = ByteBuffer(byteCountMax: DatastreamGatherer.byteCountMax)
            quotedGroup = try Self.text(scratch) { writer throws(EncodingError) in
                try JSONStringWriter.writeQuoted(view.group, to: &writer)
            }
            for index in 0..<view.tagCount {
                let tag = TagView(view.tag(index))
                let name = try tag.name(index: index)
                let milliseconds = tag.errorCode == 0 ? times.milliseconds(name) : 0
                if milliseconds == 0 {
                    (memory.start + atOnceCount * view.stride).copyMemory(
                        from: tag.pointer, byteCount: view.stride)
                    atOnceCount += 1
                    continue
                }
                let time = options.openGate.isReduced ? nil : timestampMilliseconds
                values.append(
                    Value(
                        period: UInt64(milliseconds) &* 1_000_000,
                        name: try Self.text(scratch) { writer throws(EncodingError) in
                            try JSONStringWriter.writeQuoted(name, to: &writer)
                        },
                        datapoint: try Self.text(scratch) { writer throws(EncodingError) in
                            try writer.write("{")
                            if let time {
                                try writer.write("\"at\":")
                                try writer.writeInteger(time)
                                try writer.write(",")
                            }
                            try writer.write("\"value\":")
                            try ValueWriter.write(tag, index: index, to: &writer)
                            try writer.write("}")
                        }))
            }
        }

        private static func text(
            _ scratch: ByteBuffer, _ body: (inout ByteWriter) throws(EncodingError) -> Void
        ) throws(EncodingError) -> [UInt8] {
            scratch.removeAll(keepingCapacity: true)
            var writer = try ByteWriter.open(scratch)
            try body(&writer)
            try writer.finish()
            return scratch.withBytes { [UInt8]($0) }
        }
    }

    /// Copies of tags, `stride` bytes apart.
    fileprivate final class TagMemory {
        let start: UnsafeMutableRawPointer

        init(byteCount: Int) throws(EncodingError) {
            guard let memory = malloc(max(byteCount, 1)) else { throw .noMemory }
            start = memory
        }

        deinit { free(start) }
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
