// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

/// What the log says of a request, in how many lines, and what it takes to find that out.
@Suite struct RequestSubjectTests {
    private func write(_ count: Int, _ tag: (Int) -> String = { #"{"tag":"t\#($0)","value":\#($0)}"# }) -> String {
        let tags = (0..<count).map(tag).joined(separator: ",")
        return #"{"uuid":"1","node":"d","group":"g","tags":[\#(tags)]}"#
    }

    private func lines(_ text: String) -> [String] {
        var lines: [String] = []
        let count = requests(text)[0].forEachSubject { lines.append($0) }
        #expect(count == lines.count)
        return lines
    }

    @Test func eachTagStandsInALine() {
        let lines = lines(write(2048))
        #expect(lines.count == 32)
        #expect(lines[0].hasPrefix("write of d/g (t0 = 0, t1 = 1,") && lines[0].hasSuffix("and 1984 more), uuid 1"))
        #expect(lines[31].contains("(continued, tags 1985 to 2048: t1984 = 1984,"))
        #expect(lines[31].hasSuffix("t2047 = 2047), uuid 1"))
    }

    /// A server decides how many tags there are: the rest is counted.
    @Test func aWriteOfThousandsOfTagsHasSomeLines() {
        let lines = lines(write(48_000))
        #expect(lines.count == 32)
        #expect(lines[30].hasSuffix(" and 46016 more), uuid 1"))
        #expect(lines[31].hasSuffix("t2047 = 2047 and 45952 more, which no line names), uuid 1"))
    }

    /// What is spelled out is longer than what came.
    @Test func linesAreBoundedInBytes() {
        let name = String(repeating: #"\u001b"#, count: 60)
        let lines = lines(write(4000) { #"{"tag":"\#(name)\#($0)","value":"\#(name)"}"# })
        let longest = lines.map(\.utf8.count).max() ?? 0
        #expect(lines.reduce(0) { $0 + $1.utf8.count } <= RequestLimits.auditBytesMax + 2 * longest)
        #expect(lines.count < 32 && lines.last?.contains(", which no line names)") == true)
    }

    @Test(arguments: [
        (#""tag":"t","value":[1,[2],"x"]"#, #"t = [1,[2],"x"]"#), (#""tag":"t","value":7"#, "t = 7"),
        (#""tags":[{"name":"a","value":[1]},{"tag":"b","value":2}]"#, "a = [1], b = 2"),
    ]) func valuesAreThoseOfTheDocument(_ members: String, _ shown: String) {
        for beginning in ["", "  ", "\u{FEFF}", "[", " [ "] {
            let end = beginning.contains("[") ? "]" : ""
            let text = beginning + #"{"uuid":"1","node":"d",\#(members),"group":"g"}"# + end
            #expect(lines(text) == ["write of d/g (\(shown)), uuid 1"])
            #expect(requests(text)[0].subject.text == lines(text)[0])
        }
    }

    /// What is not taken: its tags are counted some at a time, and once.
    @Test(arguments: [
        RequestRules(policy: .read, memoryBytesMax: 64 << 20, memoryBytesLeft: 64 << 20),
        RequestRules(policy: .all, memoryBytesMax: 64 << 20, memoryBytesLeft: 0),
        RequestRules(policy: .all, memoryBytesMax: 64 << 20, memoryBytesLeft: 3 << 20),
    ]) func whatIsNotTakenIsCountedInSteps(_ rules: RequestRules) throws {
        let text = Array(write(96_000) { _ in #"{"tag":"t","value":1}"# }.utf8)
        var steps = 0
        var shown = ""
        try text.withUnsafeBytes { bytes in
            var incoming = try #require(IncomingMessage.make(bytes))
            while !incoming.isAtEnd, let part = incoming.next(rules) {
                switch part {
                case .unfinished: steps += 1
                case .refused(let refused): shown = refused.subject.text
                case .busy(let busy): shown = busy.subject.text
                default: Issue.record("it was taken")
                }
            }
        }
        #expect(shown.hasPrefix("write of d/g (t = 1, t = 1,") && shown.hasSuffix(" and 95936 more), uuid 1"))
        // Looked at, checked, and counted.
        let passed = 2 * (text.count / IncomingMessage.stepBytesMax) + text.count / (128 * 1024)
        #expect(steps >= passed, "\(steps) steps of \(passed)")
    }
}
