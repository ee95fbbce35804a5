// SPDX-License-Identifier: Apache-2.0
/// Writes a start line and header fields. Control characters become spaces: a line break in a value would begin a
/// field, or a request, that nobody meant (RFC 9110 §5.5).
public struct HTTPHeadWriter: ~Copyable {
    private var bytes = SecretBuilder(capacity: 1024)

    public init(startLine: String) { line(startLine) }

    /// `middle` is secret.
    init(startLine: String, _ middle: SecretBytes, _ end: String) {
        put(startLine.utf8)
        middle.withBytes { put($0) }
        line(end)
    }

    public mutating func field(_ name: String, _ value: String) { line(name + ": " + value) }

    public mutating func field(_ name: String, _ value: SecretBytes) {
        put((name + ": ").utf8)
        value.withBytes { put($0) }
        endLine()
    }

    /// The bytes with the blank line at their end.
    public consuming func finished() -> SecretBytes {
        endLine()
        return bytes.finished()
    }

    private mutating func line(_ text: String) {
        put(text.utf8)
        endLine()
    }

    private mutating func put(_ text: some Sequence<UInt8>) {
        for byte in text { bytes.append(ASCII.isFieldValueByte(byte) ? byte : 0x20) }
    }

    private mutating func endLine() {
        bytes.append(0x0D)
        bytes.append(0x0A)
    }
}
