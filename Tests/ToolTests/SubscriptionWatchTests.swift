// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import neuron_ws

@Suite struct SubscriptionWatchTests {
    private func matches(_ watch: inout SubscriptionWatch, _ text: String) -> Bool {
        Array(text.utf8).withUnsafeBytes { watch.matches($0) }
    }

    @Test func withoutPatternsEverythingIsShown() throws {
        var watch = try SubscriptionWatch.parse([], option: "--filter")
        #expect(matches(&watch, "no JSON"))
        #expect(watch.complaints.isEmpty)
    }

    @Test func aFilterLetsItsGroupsThrough() throws {
        var watch = try SubscriptionWatch.parse(["plc1/*", "*/slow"], option: "--filter")
        #expect(matches(&watch, #"{"node":"plc1","group":"fast"}"#))
        #expect(matches(&watch, #"{"node":"plc2","group":"slow"}"#))
        #expect(!matches(&watch, #"{"node":"plc2","group":"fast"}"#))
        // Also once all have matched.
        #expect(!matches(&watch, #"{"node":"plc2","group":"fast"}"#))
        #expect(watch.complaints.isEmpty)
    }

    @Test(arguments: ["", "x", "[]", "{}", #"{"node":"plc1"}"#, #"{"node":1,"group":"fast"}"#, "\u{0}", "{\"node\":"])
    func whatNamesNoGroupIsOfNoFilter(text: String) throws {
        var watch = try SubscriptionWatch.parse(["*/*"], option: "--filter")
        #expect(!matches(&watch, text))
        #expect(watch.complaints.isEmpty)
    }

    @Test func aFilterThatMatchedNothingIsTold() throws {
        var watch = try SubscriptionWatch.parse(["plc1/Fast"], option: "--filter")
        #expect(!matches(&watch, #"{"node":"plc1","group":"fast"}"#))
        #expect(
            watch.complaints == [
                "--filter plc1/Fast matched no group; names are case-sensitive; what else came: plc1/fast"
            ])
    }

    @Test(arguments: ["plc1", "", "/", "plc1/", "/fast"])
    func aPatternHasTwoNames(text: String) {
        #expect(throws: UsageError(text: "--filter takes DRIVER/GROUP, * for all, not \"\(text)\"")) {
            try SubscriptionWatch.parse([text], option: "--filter")
        }
    }
}
