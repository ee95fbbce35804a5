// SPDX-License-Identifier: Apache-2.0
import CJansson

/// The state of one node of the gateway.
public struct DriverState {
    /// Its name, UTF-8; borrowed.
    public var node: UnsafeRawBufferPointer
    public var link: Int64
    public var running: Int64
    /// Whether it is a southbound node; only those are reported.
    public var isDriver: Bool

    public init(node: UnsafeRawBufferPointer, link: Int64, running: Int64, isDriver: Bool = true) {
        self.node = node
        self.link = link
        self.running = running
        self.isDriver = isDriver
    }
}

/// The message that reports how the drivers stand.
public enum DriverStates {
    /// Appends `{"timestamp":…,"states":[{"node":…,"link":1,"running":3},…]}` of `count` states. Skipped if there is no
    /// driver among them.
    public static func encode(
        count: Int, timestampMilliseconds: Int64, into buffer: ByteBuffer,
        _ state: (Int) throws(EncodingError) -> DriverState
    ) throws(EncodingError) -> EncodedGroup {
        var writer = try ByteWriter.open(buffer)
        try writer.write("{\"timestamp\":")
        try writer.writeInteger(timestampMilliseconds)
        try writer.write(",\"states\":[")
        var drivers = 0
        for index in 0..<count {
            let state = try state(index)
            if !state.isDriver { continue }
            try writer.write(drivers == 0 ? "{\"node\":" : ",{\"node\":")
            try JSONStringWriter.writeQuoted(state.node, to: &writer)
            try writer.write(",\"link\":")
            try writer.writeInteger(state.link)
            try writer.write(",\"running\":")
            try writer.writeInteger(state.running)
            try writer.writeByte(0x7d)
            drivers += 1
        }
        if drivers == 0 { return .skipped }
        try writer.write("]}")
        try writer.finish()
        return .message(values: drivers, errors: 0)
    }

    /// The same of the options of NEURON_WS_FORMAT_STATES:
    /// `{"timestamp"?,"states":[{"node","link","running","is_driver"?}]}`. Without a timestamp `now` counts.
    public static func encode(
        options: JSONValue, now: Int64, into buffer: ByteBuffer
    ) throws(EncodingError) -> EncodedGroup {
        let timestamp = options["timestamp"]
        if let timestamp, timestamp.integer == nil {
            throw .invalidOptions("timestamp is \(timestamp.kindName), it takes an integer")
        }
        guard let list = options["states"], list.kind == .array else {
            throw .invalidOptions("states is missing or no array")
        }
        return try encode(count: list.count, timestampMilliseconds: timestamp?.integer ?? now, into: buffer) {
            index throws(EncodingError) in
            guard let item = list[index], let node = item["node"]?.utf8, let link = item["link"]?.integer,
                let running = item["running"]?.integer
            else { throw .invalidOptions("states[\(index)] lacks node (a text), link or running (integers)") }
            let flag = item["is_driver"]
            guard let isDriver = flag == nil ? true : flag?.boolean else {
                throw .invalidOptions("states[\(index)].is_driver is neither true nor false")
            }
            return DriverState(node: node, link: link, running: running, isDriver: isDriver)
        }
    }
}
