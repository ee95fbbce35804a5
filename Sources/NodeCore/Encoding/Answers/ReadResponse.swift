// SPDX-License-Identifier: Apache-2.0
public import CNeuronWS

/// The answer to a read request.
public enum ReadResponse {
    /// Appends `{"uuid":…,"tags":[{"name":…,"value":…,"transferPrecision":n},…]}`: FLOAT and DOUBLE carry their
    /// precision, or 1 where it is 0; a tag with an error has `error` instead of `value`. The group's names are not
    /// read.
    public static func encode(
        uuid: UnsafeRawBufferPointer, _ group: UnsafePointer<neuron_ws_group_t>, into buffer: ByteBuffer
    ) throws(EncodingError) -> EncodedGroup {
        let view = try GroupView.openTags(group)
        var writer = try ByteWriter.open(buffer)
        try writer.write("{\"uuid\":")
        try JSONStringWriter.writeQuoted(uuid, to: &writer)
        try writer.write(",\"tags\":")
        let counts = try EntryStyle.write(view, style: .readResponse, reportsErrors: true, statics: nil, to: &writer)
        try writer.writeByte(0x7d)
        try writer.finish()
        return .message(values: counts.values, errors: counts.errors)
    }
}
