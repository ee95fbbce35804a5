// SPDX-License-Identifier: Apache-2.0
import CJansson
import CNeuronWS

extension DatastreamGatherer {
    /// A group, taken apart: what goes at once, and what is gathered. It borrows what the group borrows.
    public struct Split {
        let view: GroupView
        let statics: StaticTagSet
        /// As JSON.
        let quotedGroup: [UInt8]
        /// The device, a NUL, and the group: neither can hold one.
        let names: [UInt8]
        let device: [UInt8]
        private let values: SplitValues
        private let memory: TagMemory
        private var atOnceCount = 0

        /// The tags that go at once, errors among them; nil: there are none. It lives as long as this.
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
            device = Array(view.driver)
            names = device + [0] + Array(view.group)
            memory = try TagMemory(byteCount: view.tagCount * view.stride)
            values = SplitValues()
            quotedGroup = try values.quoted(view.group)
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
                try values.append(
                    tag, index, name, period: UInt64(milliseconds) &* 1_000_000,
                    at: options.openGate.isReduced ? nil : timestampMilliseconds)
            }
            values.sort()
        }

        /// The gathered values for the gatherer to take in, linked, and how many those baskets are; nil: none.
        public func baskets(
            for gatherer: DatastreamGatherer
        ) throws(EncodingError) -> (first: DatastreamBasket?, count: Int) {
            var list: DatastreamBasket?
            var count = 0
            var upper = values.list.count
            while upper > 0 {
                let period = values.list[upper - 1].period
                var lower = upper - 1
                while lower > 0, values.list[lower - 1].period == period { lower -= 1 }
                let gathered = try values.copy(lower, upper)
                let basket = DatastreamBasket(self, period: period, gathered, seed: gatherer.seed)
                basket.next = list
                list = basket
                count += 1
                upper = lower
            }
            return (list, count)
        }
    }
}

/// The values of a group that are gathered: a host decides how many, so that their memory is malloc's.
private final class SplitValues {
    struct Value {
        let period: UInt64
        /// Where the name begins in the text, where the datapoint does, and where that ends.
        let lower: Int
        let middle: Int
        let upper: Int
    }

    private(set) var list = RawList<Value>()
    /// They do not all have the same publishing time.
    private var isMixed = false
    let text = ByteBuffer(byteCountMax: Int(NEURON_WS_MESSAGE_MAX))

    func quoted(_ name: UnsafeRawBufferPointer) throws(EncodingError) -> [UInt8] {
        var writer = try ByteWriter.open(text)
        try JSONStringWriter.writeQuoted(name, to: &writer)
        try writer.finish()
        defer { text.removeAll(keepingCapacity: true) }
        return text.withBytes { [UInt8]($0) }
    }

    /// `at`: the time, if it is told.
    func append(
        _ tag: TagView, _ index: Int, _ name: UnsafeRawBufferPointer, period: UInt64, at time: Int64?
    ) throws(EncodingError) {
        let lower = text.count
        var writer = try ByteWriter.open(text)
        try JSONStringWriter.writeQuoted(name, to: &writer)
        try writer.finish()
        let middle = text.count
        writer = try ByteWriter.open(text)
        try writer.write("{")
        if let time {
            try writer.write("\"at\":")
            try writer.writeInteger(time)
            try writer.write(",")
        }
        try writer.write("\"value\":")
        try ValueWriter.write(tag, index: index, to: &writer)
        try writer.write("}")
        try writer.finish()
        guard text.count - middle <= DatastreamGatherer.byteCountMax else {
            throw .tooBig(
                "a value that waits for its publishing time (opengate-publish) takes more than "
                    + "\(DatastreamGatherer.byteCountMax) bytes")
        }
        if list.count > 0, list[0].period != period { isMixed = true }
        try list.append(Value(period: period, lower: lower, middle: middle, upper: text.count))
    }

    /// Those of one publishing time stand together then, in their order.
    func sort() {
        if isMixed { list.sort { ($0.period, $0.lower) < ($1.period, $1.lower) } }
    }

    func copy(_ lower: Int, _ upper: Int) throws(EncodingError) -> GatheredValues {
        var byteCount = 0
        for index in lower..<upper { byteCount += list[index].upper - list[index].lower }
        return try GatheredValues(count: upper - lower, textByteCount: byteCount) { target, index in
            let value = list[lower + index]
            UnsafeMutableRawBufferPointer(start: target, count: value.upper - value.lower)
                .copyMemory(from: text.part(value.lower, value.upper))
            return (value.middle - value.lower, value.upper - value.lower)
        }
    }
}

/// Copies of tags.
private final class TagMemory {
    let start: UnsafeMutableRawPointer

    init(byteCount: Int) throws(EncodingError) {
        guard let memory = malloc(max(byteCount, 1)) else { throw .noMemory }
        start = memory
    }

    deinit { free(start) }
}
