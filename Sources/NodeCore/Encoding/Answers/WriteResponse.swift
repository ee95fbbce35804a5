// SPDX-License-Identifier: Apache-2.0
/// The answer to a write request or a driver action, and to a read request that failed.
public enum WriteResponse {
    /// Appends `{"uuid":…,"error":code}`, and a `reason` for people where there is one.
    public static func encode(
        uuid: UnsafeRawBufferPointer, error: Int64, reason: UnsafeRawBufferPointer? = nil, into buffer: ByteBuffer
    ) throws(EncodingError) {
        var writer = try ByteWriter.open(buffer)
        try writer.write("{\"uuid\":")
        try JSONStringWriter.writeQuoted(uuid, to: &writer)
        try writer.write(",\"error\":")
        try writer.writeInteger(error)
        if let reason {
            try writer.write(",\"reason\":")
            try JSONStringWriter.writeQuoted(reason, to: &writer)
        }
        try writer.writeByte(0x7d)
        try writer.finish()
    }
}
