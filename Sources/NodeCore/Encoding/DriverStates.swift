/// The state of one node of the gateway.
public struct DriverState: Sendable {
    public var node: String
    public var link: Int64
    public var running: Int64
    /// Whether it is a southbound node; only those are reported.
    public var isDriver: Bool

    public init(node: String, link: Int64, running: Int64, isDriver: Bool = true) {
        self.node = node
        self.link = link
        self.running = running
        self.isDriver = isDriver
    }
}

/// The message that reports how the drivers stand.
public enum DriverStates {
    /// Appends `{"timestamp":…,"states":[{"node":…,"link":1,"running":3},…]}`. Skipped if there is no driver.
    public static func encode(
        _ states: [DriverState], timestampMilliseconds: Int64, into buffer: ByteBuffer
    ) throws(EncodingError) -> EncodedGroup {
        var writer = try ByteWriter.open(buffer)
        try writer.write("{\"timestamp\":")
        try writer.writeInteger(timestampMilliseconds)
        try writer.write(",\"states\":[")
        var count = 0
        for state in states where state.isDriver {
            try writer.write(count == 0 ? "{\"node\":" : ",{\"node\":")
            try writer.write(try StaticTags.quoted(Array(state.node.utf8)))
            try writer.write(",\"link\":")
            try writer.writeInteger(state.link)
            try writer.write(",\"running\":")
            try writer.writeInteger(state.running)
            try writer.writeByte(0x7d)
            count += 1
        }
        if count == 0 { return .skipped }
        try writer.write("]}")
        try writer.finish()
        return .message(values: count, errors: 0)
    }

    /// Reads the options of NEURON_WS_FORMAT_STATES:
    /// `{"timestamp"?,"states":[{"node","link","running","is_driver"?}]}`. Without a timestamp it is nil, and the
    /// caller's present counts.
    public static func parse(
        _ options: JSONValue
    ) throws(EncodingError) -> (timestampMilliseconds: Int64?, states: [DriverState]) {
        let timestamp = options["timestamp"]
        if let timestamp, timestamp.integer == nil {
            throw .invalidOptions("timestamp is \(timestamp.kindName), it takes an integer")
        }
        guard let list = options["states"], list.kind == .array else {
            throw .invalidOptions("states is missing or no array")
        }
        var states: [DriverState] = []
        for index in 0..<list.count {
            guard let item = list[index], let node = item["node"]?.string, let link = item["link"]?.integer,
                let running = item["running"]?.integer
            else { throw .invalidOptions("states[\(index)] lacks node (a text), link or running (integers)") }
            let flag = item["is_driver"]
            guard let isDriver = flag == nil ? true : flag?.boolean else {
                throw .invalidOptions("states[\(index)].is_driver is neither true nor false")
            }
            states.append(DriverState(node: node, link: link, running: running, isDriver: isDriver))
        }
        return (timestamp?.integer, states)
    }
}
