// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

struct UTF8ValidatorTests {
    /// The number of bytes after which the text is refused, or nil; and whether it may end where it does.
    private func check(_ input: [UInt8], step: Int) -> (refusedAfter: Int?, isComplete: Bool) {
        var validator = UTF8Validator()
        var done = 0
        while done < input.count {
            let piece = Array(input[done...].prefix(step))
            done += piece.count
            if !validator.feed(piece.span.bytes) {
                let stays = validator.feed(hex("41").span.bytes)
                #expect(!stays)
                return (done, validator.isComplete)
            }
        }
        return (nil, validator.isComplete)
    }

    @Test(arguments: [
        "", "48656c6c6f", "00", "7f", "c280", "dfbf", "e0a080", "ecbfbf", "ed9fbf", "ee8080", "efbfbf", "efbfbe",
        "f0908080", "f48fbfbf", "f1808080", "f3bfbfbf", "efbbbf", "ceba e1bdb9 cf83 cebc ceb5", "f09f9880",
        "48656c6c6f2d c2b540 c39fc3b6c3a4 c3bc c3a0c3a1 2d55544638 2121", "e1808041 c28041 f180808041",
    ])
    func acceptsValidText(text: String) {
        for step in 1...8 {
            let result = check(hex(text), step: step)
            #expect(result.refusedAfter == nil)
            #expect(result.isComplete)
        }
    }

    /// Text and the number of bytes after which it is wrong: the table of RFC 3629 §4 from outside.
    @Test(arguments: [
        ("80", 1), ("bf", 1), ("c0", 1), ("c080", 1), ("c1bf", 1), ("fe", 1), ("ff", 1), ("f5808080", 1), ("f8", 1),
        ("fc", 1), ("c241", 2), ("c2c2", 2), ("e08080", 2), ("e09fbf", 2), ("e0c0", 2), ("e18041", 3), ("e141", 2),
        ("eda080", 2), ("edadbf", 2), ("edbfbf", 2), ("efbf41", 3), ("f0808080", 2), ("f08fbfbf", 2), ("f09041", 3),
        ("f0908041", 4), ("f4908080", 2), ("f48f41", 3), ("f7bfbfbf", 1), ("4180", 2), ("c28080", 3),
        ("ceba e1bdb9 cf83 cebc ceb5 eda080 656469746564", 13), ("ceba e1bdb9 cf83 cebc ceb5 f4908080", 13),
    ])
    func refusesInvalidTextAtItsFirstWrongByte(text: String, wrongAt: Int) {
        #expect(check(hex(text), step: 1).refusedAfter == wrongAt)
        for step in 2...9 { #expect(check(hex(text), step: step).refusedAfter != nil) }
        #expect(!check(hex(text), step: 1).isComplete)
    }

    @Test(arguments: ["c2", "e0a0", "e1", "e180", "f0", "f090", "f09080", "f48fbf", "41c3", "ed", "ed9f"])
    func takesTruncatedTextAsUnfinished(text: String) {
        let result = check(hex(text), step: 1)
        #expect(result.refusedAfter == nil)
        #expect(!result.isComplete)
    }

    @Test func findsAWrongByteAtAnyPlaceInLongASCII() {
        for length in [1, 7, 8, 9, 31, 32, 33, 63, 64, 65, 100] {
            for place in 0..<length {
                var text = [UInt8](repeating: 0x61, count: length)
                #expect(check(text, step: .max).isComplete)
                text[place] = 0x80
                #expect(check(text, step: .max).refusedAfter != nil)
                text[place] = 0xC3
                #expect(check(text, step: .max).isComplete == false)
            }
        }
    }

    @Test func acceptsEveryScalarAndNoOtherThreeOrFourBytes() {
        var wrong: [UInt32] = []
        for value in UInt32(0)...0x11_FFFF {
            let bytes = encodedByFormula(value)
            let isScalar = Unicode.Scalar(value) != nil
            var validator = UTF8Validator()
            let isAccepted = validator.feed(bytes.span.bytes) && validator.isComplete
            if isAccepted != isScalar { wrong.append(value) }
        }
        #expect(wrong == [])
    }

    /// The bit pattern of RFC 3629 §3, applied to surrogates and numbers beyond U+10FFFF as well.
    private func encodedByFormula(_ value: UInt32) -> [UInt8] {
        func tail(_ shift: UInt32) -> UInt8 { 0x80 | UInt8(value >> shift & 0x3F) }
        switch value {
        case 0..<0x80: return [UInt8(value)]
        case 0..<0x800: return [0xC0 | UInt8(value >> 6), tail(0)]
        case 0..<0x10000: return [0xE0 | UInt8(value >> 12), tail(6), tail(0)]
        default: return [0xF0 | UInt8(value >> 18), tail(12), tail(6), tail(0)]
        }
    }

    @Test func agreesWithTheStandardLibraryOnRandomBytes() {
        var random = SeededGenerator(seed: 4)
        let pieces = ["41", "c3a4", "e282ac", "f09f9880", "80", "c3", "e2", "ed", "a0", "f4", "90", "bf"].map(hex)
        for _ in 0..<3000 {
            let text = (0..<Int.random(in: 0...6, using: &random)).flatMap { _ in pieces.randomElement(using: &random)!
            }
            let isValid = String(validating: text, as: UTF8.self) != nil
            let result = check(text, step: Int.random(in: 1...10, using: &random))
            #expect((result.refusedAfter == nil && result.isComplete) == isValid)
        }
    }
}
