/// How the write of one tag ended.
public struct WrittenTag: Sendable {
    public var group: String
    public var name: String
    public var error: Int64

    public init(group: String, name: String, error: Int64) {
        self.group = group
        self.name = name
        self.error = error
    }
}

/// The answer to a request that wrote several tags: one entry per tag.
public enum WriteTagsResponse {
    /// Appends `{"uuid":…,"tags":[{"group":…,"name":…,"error":code},…]}`.
    public static func encode(
        uuid: String, _ tags: [WrittenTag], into buffer: ByteBuffer
    ) throws(EncodingError) {
        var writer = try ByteWriter.open(buffer)
        try writer.write("{\"uuid\":")
        try writer.write(try StaticTags.quoted(Array(uuid.utf8)))
        try writer.write(",\"tags\":[")
        for index in tags.indices {
            try writer.write(index == 0 ? "{\"group\":" : ",{\"group\":")
            try writer.write(try StaticTags.quoted(Array(tags[index].group.utf8)))
            try writer.write(",\"name\":")
            try writer.write(try StaticTags.quoted(Array(tags[index].name.utf8)))
            try writer.write(",\"error\":")
            try writer.writeInteger(tags[index].error)
            try writer.writeByte(0x7d)
        }
        try writer.write("]}")
        try writer.finish()
    }

    /// Reads the `tags` of NEURON_WS_FORMAT_WRITE_TAGS_RESPONSE's options: `[{"group","name","error"}]`.
    public static func parse(tags list: JSONValue) throws(EncodingError) -> [WrittenTag] {
        guard list.kind == .array else { throw .invalidOptions("tags is \(list.kindName), it takes an array") }
        var tags: [WrittenTag] = []
        for index in 0..<list.count {
            guard let item = list[index], let group = item["group"]?.string, let name = item["name"]?.string,
                let error = item["error"]?.integer
            else { throw .invalidOptions("tags[\(index)] lacks group, name (texts) or error (an integer)") }
            tags.append(WrittenTag(group: group, name: name, error: error))
        }
        return tags
    }
}
