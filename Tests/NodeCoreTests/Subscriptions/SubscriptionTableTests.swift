// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

/// The table with texts for names, as the tests write it.
private struct Table: ~Copyable {
    var table = SubscriptionTable(seed: 0x1234_5678_9ABC_DEF0)

    private func bytes<Result>(_ text: String, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        Array(text.utf8).withUnsafeBytes(body)
    }

    private mutating func change(
        _ one: String, _ other: String, _ third: String,
        _ body: (
            inout SubscriptionTable, UnsafeRawBufferPointer, UnsafeRawBufferPointer, UnsafeRawBufferPointer
        ) throws(SubscriptionError) -> Void
    ) -> SubscriptionError? {
        let one = Array(one.utf8)
        let other = Array(other.utf8)
        let third = Array(third.utf8)
        defer { table.checkInvariants() }
        return one.withUnsafeBytes { one in
            other.withUnsafeBytes { other in
                third.withUnsafeBytes { third in
                    do throws(SubscriptionError) {
                        try body(&table, one, other, third)
                        return nil
                    } catch { return error }
                }
            }
        }
    }

    @discardableResult
    mutating func subscribe(_ driver: String, _ group: String, _ tag: String = "") -> SubscriptionError? {
        let tags = try? StaticTags.parse(JSONDocument.parse("{\"t\":\"\(tag)\"}", byteCountMax: 99).root)
        let parameters = SubscriptionParameters(staticTags: tags)
        return change(driver, group, "") { (table, driver, group, _) throws(SubscriptionError) in
            try table.subscribe(driver: driver, group: group, parameters: parameters)
        }
    }

    @discardableResult
    mutating func unsubscribe(_ driver: String, _ group: String?) -> SubscriptionError? {
        change(driver, group ?? "", "") { (table, driver, name, _) throws(SubscriptionError) in
            if group != nil {
                try table.unsubscribe(driver: driver, group: name)
                return
            }
            var ended: [Subscription] = []
            while try !table.unsubscribeSome(driver: driver, ended: &ended) {}
        }
    }

    mutating func rename(_ driver: String, to new: String) -> SubscriptionError? {
        change(driver, new, "") { (table, driver, new, _) throws(SubscriptionError) in
            var ended: [Subscription] = []
            while try !table.renameSome(driver: driver, to: new, ended: &ended) {}
        }
    }

    mutating func rename(_ driver: String, _ group: String, to new: String) -> SubscriptionError? {
        change(driver, group, new) { (table, driver, group, new) throws(SubscriptionError) in
            try table.rename(driver: driver, group: group, to: new)
        }
    }

    /// "driver/group" of what covers the names, or nil.
    func found(_ driver: String, _ group: String) -> String? {
        subscription(driver, group).map {
            $0.driver + "/" + $0.group
        }
    }

    func tag(_ driver: String, _ group: String) -> String? {
        subscription(driver, group).map { (try? $0.parameters.staticTags?.text(.values)) ?? "" }
    }

    private func subscription(_ driver: String, _ group: String) -> Subscription? {
        bytes(driver) { driver in bytes(group) { group in table.lookup(driver: driver, group: group) } }
    }
}

@Suite struct SubscriptionTableTests {
    @Test func anEmptyTableFindsNothing() { #expect(Table().found("d", "g") == nil) }

    @Test func theMoreExactSubscriptionGoesFirst() {
        var table = Table()
        table.subscribe("*", "*")
        #expect(table.found("d", "g") == "*/*")
        table.subscribe("*", "g")
        #expect(table.found("d", "g") == "*/g")
        #expect(table.found("d", "h") == "*/*")
        table.subscribe("d", "*")
        #expect(table.found("d", "g") == "d/*")
        #expect(table.found("e", "g") == "*/g")
        table.subscribe("d", "g")
        #expect(table.found("d", "g") == "d/g")
        #expect(table.found("d", "h") == "d/*")
        #expect(table.found("e", "h") == "*/*")
    }

    @Test func whatIsNotCoveredIsNotFound() {
        var table = Table()
        table.subscribe("d", "g")
        table.subscribe("e", "*")
        #expect(table.found("d", "h") == nil)
        #expect(table.found("dg", "") == nil)
        #expect(table.found("f", "g") == nil)
        #expect(table.found("e", "anything") == "e/*")
    }

    @Test func subscribingAgainReplacesTheParameters() {
        var table = Table()
        for (driver, group) in [("d", "g"), ("*", "*")] {
            table.subscribe(driver, group, "1")
            table.subscribe(driver, group, "2")
            #expect(table.tag(driver, group) == #""t":"2""#)
        }
        #expect(table.table.count == 2)
    }

    @Test func unsubscribingEndsExactlyThatOne() {
        var table = Table()
        table.subscribe("d", "g")
        table.subscribe("d", "*")
        table.subscribe("*", "*")
        #expect(table.unsubscribe("d", "h") == .notFound)
        #expect(table.unsubscribe("e", nil) == .notFound)
        #expect(table.unsubscribe("d", "g") == nil)
        #expect(table.found("d", "g") == "d/*")
        #expect(table.unsubscribe("d", "*") == nil)
        #expect(table.found("d", "g") == "*/*")
        #expect(table.unsubscribe("*", "*") == nil)
        #expect(table.found("d", "g") == nil)
        #expect(table.unsubscribe("*", "*") == .notFound)
    }

    @Test func withoutAGroupAllOfTheDriverEnd() {
        var table = Table()
        for group in ["a", "b", "*"] { table.subscribe("d", group) }
        table.subscribe("e", "a")
        #expect(table.unsubscribe("d", nil) == nil)
        #expect(table.table.count == 1)
        #expect(table.found("e", "a") == "e/a")
    }

    @Test func aRenamedDriverTakesItsSubscriptionsAlong() {
        var table = Table()
        table.subscribe("d", "a", "1")
        table.subscribe("d", "*", "2")
        table.subscribe("e", "a", "3")
        #expect(table.rename("x", to: "y") == .notFound)
        #expect(table.rename("d", to: "e") == nil)
        #expect(table.found("d", "a") == nil)
        #expect(table.tag("e", "a") == #""t":"1""#)
        #expect(table.tag("e", "b") == #""t":"2""#)
        #expect(table.table.count == 2)
        #expect(table.rename("e", to: "e") == nil)
        #expect(table.table.count == 2)
    }

    @Test func aRenamedGroupTakesItsSubscriptionAlong() {
        var table = Table()
        table.subscribe("d", "a", "1")
        table.subscribe("e", "a", "2")
        #expect(table.rename("d", "b", to: "c") == .notFound)
        #expect(table.rename("d", "a", to: "b") == nil)
        #expect(table.found("d", "a") == nil)
        #expect(table.tag("d", "b") == #""t":"1""#)
        #expect(table.tag("e", "a") == #""t":"2""#)
    }

    @Test func namesAreChecked() {
        var table = Table()
        let longest = String(repeating: "n", count: 1024)
        #expect(table.subscribe(longest, longest) == nil)
        #expect(table.found(longest, longest) != nil)
        for name in ["", longest + "n", "a\nb", "a\u{7F}"] {
            #expect(table.subscribe(name, "g") == .invalidName)
            #expect(table.subscribe("d", name) == .invalidName)
            #expect(table.unsubscribe(name, nil) == .invalidName)
            #expect(table.rename(longest, to: name) == .invalidName)
        }
        #expect(table.rename("*", to: "d") == .invalidName)
        #expect(table.rename(longest, to: "*") == .invalidName)
        #expect(table.rename(longest, "*", to: "g") == .invalidName)
    }

    @Test func aHundredThousandAreTakenAndNoMore() {
        var table = SubscriptionTable(seed: 7)
        func change(_ index: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
            Array("driver\(index)".utf8).withUnsafeBytes(body)
        }
        var errors: [SubscriptionError] = []
        for index in 0...100_000 {
            change(index) { name in
                do throws(SubscriptionError) {
                    try table.subscribe(driver: name, group: name, parameters: .none)
                } catch { errors.append(error) }
            }
        }
        #expect(errors == [.tooMany])
        #expect(table.count == 100_000)
        table.checkInvariants()
        for index in stride(from: 0, to: 100_000, by: 2) {
            change(index) { name in
                do throws(SubscriptionError) {
                    try table.unsubscribe(driver: name, group: name)
                } catch { errors.append(error) }
            }
        }
        table.checkInvariants()
        var found = 0
        for index in 0..<100_000 {
            change(index) { name in if table.lookup(driver: name, group: name) != nil { found += 1 } }
        }
        #expect(found == 50_000)
        #expect(errors == [.tooMany])
    }

    /// A driver with a few among many, and one with all: so many steps as it has subscriptions.
    @Test func endingADriversSubscriptionsTakesStepsByTheirNumber() throws {
        var table = SubscriptionTable(seed: 7)
        func with(_ name: String, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
            try Array(name.utf8).withUnsafeBytes(body)
        }
        for index in 0..<1000 {
            try with(index < 3 ? "few" : "many") { driver in
                try with("g\(index)") { group in
                    try table.subscribe(driver: driver, group: group, parameters: .none)
                }
            }
        }
        var ended: [Subscription] = []
        try with("few") { driver in
            let isDone = try table.unsubscribeSome(driver: driver, ended: &ended)
            #expect(isDone)
        }
        #expect(ended.count == 3)
        table.checkInvariants()
        var steps = 1
        try with("many") { driver in
            while try !table.unsubscribeSome(driver: driver, ended: &ended) {
                steps += 1
                table.checkInvariants()
            }
        }
        #expect(steps == (997 + 63) / 64)
        #expect(table.count == 0)
        #expect(ended.count == 1000)
    }

    /// The larger table is made beforehand: no change moves the entries of others while somebody waits.
    @Test func theTableGrowsBeforeAChangeNotInIt() throws {
        var table = SubscriptionTable(seed: 7)
        var growths = 0
        for index in 0..<5000 {
            if let grown = table.grown() {
                _ = table.adopt(grown)
                growths += 1
            }
            let capacity = table.slots.capacity
            try Array("d\(index)".utf8).withUnsafeBytes { name in
                try table.subscribe(driver: name, group: name, parameters: .none)
            }
            #expect(table.slots.capacity == capacity)
        }
        table.checkInvariants()
        #expect(growths > 8 && growths < 16)
    }
}
