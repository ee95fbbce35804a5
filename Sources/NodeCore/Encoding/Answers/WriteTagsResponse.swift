// SPDX-License-Identifier: Apache-2.0
/// The answer to a request that wrote several tags: one entry per tag.
public enum WriteTagsResponse {
    /// Appends `{"uuid":…,"tags":[{"group":…,"name":…,"error":code},…]}`. `tags` are those of the options of
    /// NEURON_WS_FORMAT_WRITE_TAGS_RESPONSE: `[{"group","name","error"}]`.
    public static func encode(
        uuid: UnsafeRawBufferPointer, tags: JSONValue, into buffer: ByteBuffer
    ) throws(EncodingError) {
        guard tags.kind == .array else { throw .invalidOptions("tags is \(tags.kindName), it takes an array") }
        var writer = try ByteWriter.open(buffer)
        try writer.write("{\"uuid\":")
        try JSONStringWriter.writeQuoted(uuid, to: &writer)
        try writer.write(",\"tags\":[")
        for index in 0..<tags.count {
            guard let item = tags[index], let group = item["group"]?.utf8, let name = item["name"]?.utf8,
                let error = item["error"]?.integer
            else { throw .invalidOptions("tags[\(index)] lacks group, name (texts) or error (an integer)") }
            try writer.write(index == 0 ? "{\"group\":" : ",{\"group\":")
            try JSONStringWriter.writeQuoted(group, to: &writer)
            try writer.write(",\"name\":")
            try JSONStringWriter.writeQuoted(name, to: &writer)
            try writer.write(",\"error\":")
            try writer.writeInteger(error)
            try writer.writeByte(0x7d)
        }
        try writer.write("]}")
        try writer.finish()
    }
}
