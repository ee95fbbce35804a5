// SPDX-License-Identifier: Apache-2.0
import CJansson

extension DatastreamBasket {
    /// Appends the message: each datastream with all its datapoints, then the static tags with the time of now.
    public func write(
        _ gateway: OpenGateIdentity, timestampMilliseconds: Int64, into buffer: ByteBuffer
    ) throws(EncodingError) {
        let datastreams = try Datastreams(first, count: valueCount)
        var writer = try ByteWriter.open(buffer)
        guard let beginning = gateway.beginning(device: device) else { throw .noMemory }
        try writer.write(beginning)
        let start = writer.offset
        for number in 0..<datastreams.list.count {
            var place = Int(datastreams.list[number].first)
            try writer.write(",{\"id\":")
            try writer.write(datastreams.values[place].name)
            try beginDatapoints(to: &writer)
            while true {
                try writer.write(datastreams.values[place].datapoint)
                place = Int(datastreams.values[place].next)
                if place == 0 { break }
                try writer.writeByte(0x2c)
            }
            try writer.write("]}")
        }
        try writeStatics(gateway, timestampMilliseconds, to: &writer)
        try SectionWriter.close(from: start, open: 0x5b, &writer)
        try writer.writeByte(0x7d)
        try writer.finish()
    }

    private func writeStatics(
        _ gateway: OpenGateIdentity, _ timestampMilliseconds: Int64, to writer: inout ByteWriter
    ) throws(EncodingError) {
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
    }

    private func beginDatapoints(to writer: inout ByteWriter) throws(EncodingError) {
        try writer.write(",\"feed\":")
        try writer.write(quotedGroup)
        try writer.write(",\"datapoints\":[")
    }
}

/// The values of a basket by their datastreams, in the order in which each came first. They lie with the basket.
private struct Datastreams: ~Copyable {
    struct Value: BitwiseCopyable {
        let name: UnsafeRawBufferPointer
        let datapoint: UnsafeRawBufferPointer
        /// The next one of its datastream; 0: none, for the first one of all is nobody's next.
        var next: UInt32
    }

    /// Which of the values are a datastream's.
    struct Datastream: BitwiseCopyable {
        let first: UInt32
        var last: UInt32
    }

    private(set) var values = RawList<Value>()
    private(set) var list = RawList<Datastream>()

    /// - Parameter count: of values in all of the chain.
    init(_ first: GatheredValues?, count: Int) throws(EncodingError) {
        let table = try NameTable.make(nameCountMax: count)
        try values.reserve(count)
        var next = first
        while let some = next {
            for index in 0..<some.count {
                try append(Value(name: some.name(index), datapoint: some.datapoint(index), next: 0), table)
            }
            next = some.next
        }
    }

    private mutating func append(_ value: Value, _ table: NameTable) throws(EncodingError) {
        let place = UInt32(values.count)
        try values.append(value)
        let known = table.findOrInsert(hash: NameHash.of(value.name, seed: table.seed), name: list.count) { number in
            let other = values[Int(list[number].first)].name
            guard other.count == value.name.count, let one = other.baseAddress, let own = value.name.baseAddress else {
                return false
            }
            return NameHash.equal(one, own, other.count)
        }
        guard let known else { return try list.append(Datastream(first: place, last: place)) }
        values[Int(list[known].last)].next = place
        list[known].last = place
    }
}
