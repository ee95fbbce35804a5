// SPDX-License-Identifier: Apache-2.0
/// The mark that some editors and servers put before a text in UTF-8, EF BB BF. RFC 8259 §8.1 lets a parser pass over
/// it instead of calling it an error; every document that comes in goes through here.
public enum ByteOrderMark {
    /// In bytes.
    public static let byteCount = 3

    public static func begins(_ text: UnsafeRawBufferPointer) -> Bool {
        text.count >= byteCount && text[0] == 0xEF && text[1] == 0xBB && text[2] == 0xBF
    }

    /// The text behind the mark, if there is one.
    public static func skipped(_ text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        begins(text) ? UnsafeRawBufferPointer(rebasing: text[byteCount...]) : text
    }
}
