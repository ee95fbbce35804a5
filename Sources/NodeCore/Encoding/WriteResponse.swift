/// The answer to a write request or a driver action, and to a read request that failed.
public enum WriteResponse {
    /// Appends `{"uuid":…,"error":code}`, and a `reason` for people where there is one.
    public static func encode(
        uuid: String, error: Int64, reason: String? = nil, into buffer: ByteBuffer
    ) throws(EncodingError) {
        var writer = try ByteWriter.open(buffer)
        try writer.write("{\"uuid\":")
        try writer.write(try StaticTags.quoted(Array(uuid.utf8)))
        try writer.write(",\"error\":")
        try writer.writeInteger(error)
        if let reason {
            try writer.write(",\"reason\":")
            try writer.write(try StaticTags.quoted(Array(reason.utf8)))
        }
        try writer.writeByte(0x7d)
        try writer.finish()
    }
}
