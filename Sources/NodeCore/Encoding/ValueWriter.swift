// SPDX-License-Identifier: Apache-2.0
import CJansson
import CNeuronWS

/// A tag's value as JSON, whatever its type (neuron_ws_type in the header says which member counts).
enum ValueWriter {
    /// NEURON_WS_MESSAGE_MAX of the header.
    private static let messageBytesMax = Int(NEURON_WS_MESSAGE_MAX)

    /// Writes the value of the group's `index`-th tag; a number that is not finite as null, which is for metas: a tag
    /// with such a value carries an error instead.
    static func write(_ tag: TagView, index: Int, to writer: inout ByteWriter) throws(EncodingError) {
        try writer.reserve(ScalarWriter.byteCountMax)
        if let next = ScalarWriter.writeNumber(tag, at: writer.next) {
            writer.next = next
            return
        }
        switch tag.type {
        case 9, 10: try writer.write("null")
        case 13, 19...22: try JSONStringWriter.writeQuoted(try text(tag, index: index), to: &writer)
        case 15: try writer.writeInteger(Int64(tag.pointer.pointee.value.i32))
        case 14, 23...34: try writeArray(tag, index: index, to: &writer)
        case 40: try CustomValue.write(try text(tag, index: index), tag: tag, index: index, to: &writer)
        default: throw tag.fault("has the unknown type \(tag.type)", index: index)
        }
    }

    /// A text's bytes.
    static func text(_ tag: TagView, index: Int) throws(EncodingError) -> UnsafeRawBufferPointer {
        let text = tag.pointer.pointee.value.text
        guard let start = text.data else {
            if text.length != 0 { throw tag.fault("has a text whose data is NULL", index: index) }
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        // NEURON_WS_NUL_TERMINATED is SIZE_MAX, which is -1 here.
        let length = text.length == -1 ? strnlen(start, messageBytesMax + 1) : text.length
        if length < 0 { throw tag.fault("has a text of impossible length", index: index) }
        // Before a byte of it is read: a length that is none would lead out of the host's memory.
        if length > messageBytesMax { throw tag.excess("a text of \(length) bytes", index: index) }
        return UnsafeRawBufferPointer(start: start, count: length)
    }

    private static func writeArray(_ tag: TagView, index: Int, to writer: inout ByteWriter) throws(EncodingError) {
        let array = tag.pointer.pointee.value.array
        if array.count < 0 { throw tag.fault("has an array of impossible length", index: index) }
        if array.count == 0 { return try writer.write("[]") }
        guard let data = array.data else { throw tag.fault("has an array whose data is NULL", index: index) }
        // Each element takes two bytes at least, its comma and a digit: more could not be sent, and what the elements
        // take in memory does not overflow.
        if array.count > messageBytesMax / 2 { throw tag.excess("an array of \(array.count) elements", index: index) }
        // Each element begins with a comma; the first one's becomes the bracket.
        let start = writer.offset
        for element in 0..<array.count {
            try writer.reserve(48)
            writer.next.storeBytes(of: 0x2c, as: UInt8.self)
            writer.next += 1
            if tag.type == 34 {
                try writeText(data, element, to: &writer)
            } else {
                writer.next = writeElement(data, element, type: tag.type, at: writer.next)
            }
        }
        writer.overwrite(at: start, with: 0x5b)
        try writer.writeByte(0x5d)
    }

    private static func writeText(
        _ data: UnsafeRawPointer, _ index: Int, to writer: inout ByteWriter
    ) throws(EncodingError) {
        let start = data.loadUnaligned(
            fromByteOffset: index * MemoryLayout<UnsafePointer<CChar>?>.stride, as: UnsafePointer<CChar>?.self)
        let count = start.map { strnlen($0, messageBytesMax + 1) } ?? 0
        try JSONStringWriter.writeQuoted(UnsafeRawBufferPointer(start: start, count: count), to: &writer)
    }

    /// An element that is no text. Elements need not be aligned: the header asks for nothing.
    private static func writeElement(
        _ data: UnsafeRawPointer, _ index: Int, type: Int32, at target: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        switch type {
        case 23: DecimalWriter.write(Int64(data.load(fromByteOffset: index, as: Int8.self)), at: target)
        case 14, 24: DecimalWriter.write(UInt64(data.load(fromByteOffset: index, as: UInt8.self)), at: target)
        case 25: DecimalWriter.write(Int64(data.loadUnaligned(fromByteOffset: index * 2, as: Int16.self)), at: target)
        case 26: DecimalWriter.write(UInt64(data.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)), at: target)
        case 27: DecimalWriter.write(Int64(data.loadUnaligned(fromByteOffset: index * 4, as: Int32.self)), at: target)
        case 28: DecimalWriter.write(UInt64(data.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)), at: target)
        // The contract's arrays-int vector has an element above 2^63-1 as the negative number of the same bits: rule C1
        // is about UINT64 and LWORD alone.
        case 29, 30: DecimalWriter.write(data.loadUnaligned(fromByteOffset: index * 8, as: Int64.self), at: target)
        case 31: writeReal(data.loadUnaligned(fromByteOffset: index * 4, as: Float.self), at: target)
        case 32: writeReal(data.loadUnaligned(fromByteOffset: index * 8, as: Double.self), at: target)
        default: ScalarWriter.writeBoolean(data.load(fromByteOffset: index, as: UInt8.self) != 0, at: target)
        }
    }

    /// Rule C7: the shortest text, whatever the precision; null for what is not finite, so that positions keep.
    private static func writeReal(_ value: Float, at target: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        value.isFinite ? ShortestDecimal.write(value, at: target) : writeNull(at: target)
    }

    private static func writeReal(_ value: Double, at target: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        value.isFinite ? ShortestDecimal.write(value, at: target) : writeNull(at: target)
    }

    private static func writeNull(at target: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        target.storeBytes(of: 0x6c6c_756e, as: UInt32.self)
        return target + 4
    }
}

/// The types of the ECP format.
enum ECPType: Int64 {
    case boolean = 1
    case integer = 2
    case real = 3
    case text = 4

    /// The type of a tag's value as `writeECP` writes it; nil for CUSTOM, whose document decides.
    static func of(_ type: Int32) -> ECPType? {
        switch type {
        case 12: .boolean
        case 9, 10: .real
        case 1...8, 11, 15...18: .integer
        case 40: nil
        default: .text
        }
    }
}

extension ValueWriter {
    /// Writes the value as ECP takes it and says its type. Rule C15: arrays, bytes and objects become a text that holds
    /// their compact JSON.
    static func writeECP(_ tag: TagView, index: Int, to writer: inout ByteWriter) throws(EncodingError) -> ECPType {
        switch tag.type {
        case 40: return try CustomValue.writeECP(try text(tag, index: index), tag: tag, index: index, to: &writer)
        case 14, 23...34:
            let scratch = ByteBuffer(byteCountMax: writer.buffer.byteCountMax)
            var inner = try ByteWriter.open(scratch)
            try write(tag, index: index, to: &inner)
            try inner.finish()
            try writeQuoted(scratch, to: &writer)
            return .text
        default:
            try write(tag, index: index, to: &writer)
            return ECPType.of(tag.type) ?? .text
        }
    }

    /// A buffer's bytes as a JSON text.
    static func writeQuoted(_ buffer: ByteBuffer, to writer: inout ByteWriter) throws(EncodingError) {
        let bytes = buffer.withBytes { $0 }
        // The pointer outlives the closure because nothing touches the buffer before the end of this function.
        try JSONStringWriter.writeQuoted(bytes, to: &writer)
        withExtendedLifetime(buffer) {}
    }
}
