// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct AcknowledgementReaderTests {
    private struct Result: Equatable {
        var numbers: [AcknowledgementReader.Number] = []
        var end: AcknowledgementReader.Step?
    }

    /// nil: it does not begin like one. Reads it in steps of so many bytes.
    private func read(_ text: String, member: String = "ack", byteCount: Int = 1 << 20) -> Result? {
        Array(text.utf8).withUnsafeBytes { bytes in
            guard var reader = AcknowledgementReader(bytes, member: Array(member.utf8), stream: Array("ours".utf8))
            else { return nil }
            var result = Result()
            for _ in 0..<text.utf8.count * 6 + 10 {
                let step = reader.step(byteCount: byteCount) { result.numbers.append($0) }
                guard step == .unfinished else {
                    result.end = step
                    break
                }
            }
            return result
        }
    }

    @Test(
        arguments: [
            (#"{"ack":17}"#, [.through(17)]),
            (#" {"type":"ack","n":{"ack":[9]},"ack": 17 } "#, [.through(17)]),
            (#"{"ack":[17,19 , 18]}"#, [.single(17), .single(19), .single(18)]),
            (#"{"ack":[]}"#, []),
            (#"{"\u0061ck":1}"#, [.through(1)]),
            (#"[{"ack":1},{"ack":[2]}, {"ack":4,"stream":"x"}]"#, [.through(1), .single(2), .foreign(4)]),
            (#"{"ack":3,"stream":"ours"}"#, [.through(3)]),
            (#"{"stream":"another","ack":3}"#, [.foreign(3)]),
            (#"{"stream":"another","ack":[3,4]}"#, [.foreign(3), .foreign(4)]),
            (#"{"stream":7,"ack":3}"#, [.foreign(3)]),
            (#"{"ack":1,"ack":2}"#, [.through(2)]),
            (#"{"ack":18446744073709551615}"#, [.through(.max)]),
        ] as [(String, [AcknowledgementReader.Number])])
    func numbersComeInTheDocumentsOrderWhateverTheSteps(text: String, expected: [AcknowledgementReader.Number]) {
        for byteCount in [1, 2, 3, 7, 1000] {
            let result = read(text, byteCount: byteCount)
            #expect(result == Result(numbers: expected, end: .finished), "\(byteCount)")
        }
    }

    /// Wherever its time goes: each step looks at so many bytes and a few more, however large the document is.
    @Test(arguments: [#"{"ack":["#, #"[{"ack":["#, #"{"x":["#])
    func aLargeDocumentIsReadInStepsOfItsSize(begin: String) {
        let isOne = !begin.contains("x")
        var text = begin + (1...20_000).map { "\($0)" }.joined(separator: ",")
        text += isOne ? "]}" : #"],"ack":[7]}"#
        if begin.hasPrefix("[") { text += "]" }
        var steps = 0
        var found = 0
        Array(text.utf8).withUnsafeBytes { bytes in
            guard var reader = AcknowledgementReader(bytes, member: Array("ack".utf8), stream: []) else { return }
            repeat { steps += 1 } while reader.step(byteCount: 1000) { _ in found += 1 } == .unfinished
        }
        #expect(found == (isOne ? 20_000 : 1))
        // To check it, and twice to look for the member, takes as long as it is; where there are many numbers, they do.
        #expect(steps >= text.utf8.count / 1000 * (isOne ? 5 : 3))
    }

    /// No step is as long as a text, a number or blanks may be.
    @Test(arguments: [
        (#"{"ack":[7],"x":""#, #"\u00e9"#, 20_000, #""}"#), (#"{"ack":[7],"x":"#, "1", 100_000, "}"),
        (#"{"ack":[7"#, " ", 100_000, "]}"), ("[", "\n", 100_000, #"{"ack":[7]}]"#),
        ("[{\"ack\":[7]}", " ", 100_000, "]"),
    ])
    func nothingIsReadInOnePiece(start: String, many: String, count: Int, end last: String) {
        let text = start + String(repeating: many, count: count) + last
        var steps = 0
        var numbers: [AcknowledgementReader.Number] = []
        var end = AcknowledgementReader.Step.unfinished
        Array(text.utf8).withUnsafeBytes { bytes in
            guard var reader = AcknowledgementReader(bytes, member: Array("ack".utf8), stream: []) else { return }
            while end == .unfinished {
                steps += 1
                end = reader.step(byteCount: 1000) { numbers.append($0) }
            }
        }
        #expect(numbers == [.single(7)] && end == .finished)
        // To check it, to look whether all are numbers, and to read them.
        #expect(steps >= text.utf8.count / 1000 * 3 - 3)
    }

    @Test(arguments: [#"{"uuid":1}"#, "{}", #"{"a":{"ack":1}}"#, #"[{"uuid":1},{"ack":1}]"#, "{", #"{"a"#])
    func whatHasNoSuchMemberIsSomebodyElses(text: String) { #expect(read(text)?.end == .notOne) }

    @Test(arguments: ["", "ack", "17", "[1]", "[", "\"ack\"", "[[1]]"])
    func whatDoesNotBeginLikeOneIsNotLookedAt(text: String) { #expect(read(text) == nil) }

    /// Nothing of it counts, not even what stands before the fault.
    @Test(arguments: [
        #"{"ack":1"#, #"{"ack":[1,2"#, #"{"ack":[1,2,]}"#, #"{"ack":1}x"#, #"{"ack":}"#, #"[{"ack":1}"#, #"{"ack":01}"#,
    ])
    func oneThatIsNoJSONAcknowledgesNothing(text: String) {
        for byteCount in [1, 1000] {
            let result = read(text, byteCount: byteCount)
            #expect(result?.numbers == [])
            guard case .malformed = result?.end else {
                return #expect(Bool(false), "\(String(describing: result?.end))")
            }
        }
    }

    /// Nor does one of which a part is no number: what stands before that is not taken, and what stands behind neither.
    @Test(arguments: [
        #"{"ack":-1}"#, #"{"ack":1.5}"#, #"{"ack":1e3}"#, #"{"ack":"1"}"#, #"{"ack":null}"#, #"{"ack":{"ack":1}}"#,
        #"{"ack":[1,"x"]}"#, #"{"ack":[1,[3],4]}"#, #"{"ack":[1,2,3,18446744073709551616]}"#, #"{"ack":[1,-2]}"#,
        #"{"ack":18446744073709551616}"#, #"[{"ack":1},5]"#, #"[{"ack":1},{"x":1}]"#, #"[{"ack":1},{"ack":[2,true]}]"#,
        #"{"ack":[1,"x"],"stream":"another"}"#,
    ])
    func oneThatIsMalformedInPartAcknowledgesNothing(text: String) {
        for byteCount in [1, 2, 5, 1000] {
            let result = read(text, byteCount: byteCount)
            #expect(result?.numbers == [])
            guard case .malformed(let why) = result?.end else {
                return #expect(Bool(false), "\(String(describing: result?.end))")
            }
            #expect(why.contains("\"ack\""))
        }
    }

    @Test func aMillionNumbersTakeAsManyStepsAsTheirBytes() {
        let text = "{\"ack\":[" + (1...1_000_000).map { "\($0)" }.joined(separator: ",") + "]}"
        Array(text.utf8).withUnsafeBytes { bytes in
            guard var reader = AcknowledgementReader(bytes, member: Array("ack".utf8), stream: []) else { return }
            var steps = 0
            var next: UInt64 = 1
            while true {
                steps += 1
                let step = reader.step { number in if number == .single(next) { next += 1 } }
                guard step == .unfinished else { break }
            }
            #expect(next == 1_000_001)
            // To check it, and twice to look for its member and to read it, and the look at the first.
            #expect(steps <= 5 * bytes.count / AcknowledgementReader.stepBytesMax + 8)
        }
    }
}
