// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct GroupNamesTests {
    private let key = GroupNames.Key(settings: 1, subscription: 1)

    private func text(_ outcome: TestOutcome) -> String {
        if case .message(let text, _, _) = outcome { text } else { "\(outcome)" }
    }

    @Test func namesAreTakenInOnceAndThenCompared() {
        let names = GroupNames()
        for number in 0..<5 {
            let group = TestGroup([TestTag("a", 7, .integer(Int64(number))), TestTag("longer name", 10, .double(1.5))])
            #expect(text(encoded(group, names: names, key: key)).contains("{\"a\":\(number),\"longer name\":1.5}"))
        }
        #expect(names.buildCount == 1)
    }

    @Test(arguments: [
        ["b", "name of eight", "c"], ["a", "name of eighT", "c"], ["a", "Name of eight", "c"],
        ["a", "name of eight", ""],
        ["a", "name of eight", "cd"], ["a", "name of eight"], ["a", "name of eight", "c", "d"],
    ])
    func anyOtherNameIsSeen(_ others: [String]) {
        let names = GroupNames()
        for tags in [["a", "name of eight", "c"], others] {
            for usesLengths in [false, true] {
                let group = TestGroup(tags.map { TestTag($0, 7, .integer(1)) }, usesLengths: usesLengths)
                let expected = "\"values\":{" + tags.map { "\"\($0)\":1" }.joined(separator: ",") + "}"
                #expect(text(encoded(group, names: names, key: key)).contains(expected))
            }
        }
        #expect(names.buildCount == 2)
    }

    @Test func anotherKeyOrFormatTakesThemInAnew() {
        let names = GroupNames()
        let group = TestGroup([TestTag("a", 7, .integer(1))])
        _ = encoded(group, names: names, key: key)
        _ = encoded(group, names: names, key: GroupNames.Key(settings: 2, subscription: 1))
        _ = encoded(group, names: names, key: GroupNames.Key(settings: 2, subscription: 2))
        _ = encoded(group, .tags, names: names, key: GroupNames.Key(settings: 2, subscription: 2))
        #expect(names.buildCount == 4)
        _ = encoded(group, .tags, names: names, key: nil)
        _ = encoded(group, .tags, names: names, key: nil)
        #expect(names.buildCount == 6)
    }

    @Test func aBrokenNameIsRefusedWhetherNamesWereKeptOrNot() {
        let names = GroupNames()
        let group = TestGroup([TestTag("a", 7, .integer(1)), TestTag("b", 7, .integer(1))])
        let good = text(encoded(group, names: names, key: key))
        group.tag(1).pointee.name_length = 1025
        #expect(
            encoded(group, names: names, key: key)
                == .failed(.invalidGroup("tag 1 has a name longer than 1024 bytes")))
        group.tag(1).pointee.name_length = 0
        #expect(text(encoded(group, names: names, key: key)) == good)
    }

    /// Two tags that share a name, in turn with a value and with an error: what was found out for one message does not
    /// hold for the next.
    @Test func whoCountsIsFoundOutForEachMessage() {
        let names = GroupNames()
        let expected = ["{\"x\":2,\"y\":0}", "{\"y\":0,\"x\":2}", "{\"x\":1,\"y\":0}", "{\"y\":0}"]
        for (index, errors) in [(0, 0), (1, 0), (0, 1), (1, 1)].enumerated() {
            let group = TestGroup([
                TestTag("x", 7, .integer(1), error: Int32(errors.0)), TestTag("y", 7, .integer(0)),
                TestTag("x", 7, .integer(2), error: Int32(errors.1)),
            ])
            #expect(text(encoded(group, names: names, key: key)).contains("\"values\":\(expected[index])"))
        }
        #expect(names.buildCount == 1)
    }
}
