/// Writes a start line and header fields. Control characters become spaces: a line break in a value would begin a
/// field, or a request, that nobody meant (RFC 9110 §5.5).
struct HTTPHeadWriter {
    private var bytes: [UInt8] = []

    init(startLine: String) { line(startLine) }

    mutating func field(_ name: String, _ value: String) { line(name + ": " + value) }

    /// The bytes with the blank line at their end.
    consuming func finished() -> [UInt8] {
        bytes.append(contentsOf: [0x0D, 0x0A])
        return bytes
    }

    private mutating func line(_ text: String) {
        for byte in text.utf8 { bytes.append(ASCII.isFieldValueByte(byte) ? byte : 0x20) }
        bytes.append(contentsOf: [0x0D, 0x0A])
    }
}
