// SPDX-License-Identifier: Apache-2.0
/// A part of each module of the Embedded build, and of that alone: cmake/embedded-build.sh adds it.
///
/// Texts for people are put together in thousands of places, and bytes are held against texts in many. Swift's own
/// functions for that are inlined into each of them, which made a quarter of the library's code; these, which are
/// preferred as they take one type only, do the same and are called. Nothing that is sent often is built so.
extension DefaultStringInterpolation {
    @inline(never)
    mutating func appendLiteral(_ literal: String) { write(literal) }

    @inline(never)
    mutating func appendInterpolation(_ text: String) { write(text) }

    @inline(never)
    mutating func appendInterpolation(_ text: StaticString) { write(text.description) }

    @inline(never)
    mutating func appendInterpolation(_ number: Int) { write(String(number)) }

    @inline(never)
    mutating func appendInterpolation(_ number: Int64) { write(String(number)) }

    @inline(never)
    mutating func appendInterpolation(_ number: UInt64) { write(String(number)) }

    mutating func appendInterpolation(_ number: Int32) { appendInterpolation(Int64(number)) }
    mutating func appendInterpolation(_ number: UInt) { appendInterpolation(UInt64(number)) }
    mutating func appendInterpolation(_ number: UInt32) { appendInterpolation(UInt64(number)) }
    mutating func appendInterpolation(_ number: UInt16) { appendInterpolation(UInt64(number)) }
    mutating func appendInterpolation(_ number: UInt8) { appendInterpolation(UInt64(number)) }
}

extension String {
    /// As Swift's own: what is no UTF-8 becomes U+FFFD.
    @inline(never)
    init(decoding bytes: UnsafeRawBufferPointer, as encoding: UTF8.Type) {
        self = bytes.withMemoryRebound(to: UInt8.self) { String(decoding: $0, as: encoding) }
    }

    @inline(never)
    init(decoding bytes: [UInt8], as encoding: UTF8.Type) {
        self = bytes.withUnsafeBufferPointer { String(decoding: $0, as: encoding) }
    }

    @inline(never)
    init(decoding bytes: ArraySlice<UInt8>, as encoding: UTF8.Type) {
        self = bytes.withUnsafeBufferPointer { String(decoding: $0, as: encoding) }
    }

    @inline(never)
    mutating func append(_ text: String) { append(contentsOf: text) }

    @inline(never)
    static func += (text: inout String, more: String) { text.append(contentsOf: more) }
}

/// A text's bytes lie in one piece: what compares with that is a tenth of what compares with any sequence.
extension Sequence where Element == UInt8 {
    func starts(with text: String.UTF8View) -> Bool {
        var text = String(text)
        return text.withUTF8 { starts(with: $0) }
    }

    func elementsEqual(_ text: String.UTF8View) -> Bool {
        var text = String(text)
        return text.withUTF8 { elementsEqual($0) }
    }
}

extension String.UTF8View {
    @inline(never)
    func elementsEqual(_ text: String.UTF8View) -> Bool {
        var own = String(self)
        return own.withUTF8 { $0.elementsEqual(text) }
    }

    @inline(never)
    func lexicographicallyPrecedes(_ text: String.UTF8View) -> Bool {
        var own = String(self)
        var text = String(text)
        return own.withUTF8 { left in text.withUTF8 { left.lexicographicallyPrecedes($0) } }
    }
}

extension Substring.UTF8View {
    @inline(never)
    func elementsEqual(_ text: String.UTF8View) -> Bool {
        var own = Substring(self)
        return own.withUTF8 { $0.elementsEqual(text) }
    }
}
