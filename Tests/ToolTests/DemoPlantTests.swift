// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import neuron_ws

@Suite struct DemoPlantTests {
    @Test func groupsAreReadAtTheirOwnPace() {
        var plant = DemoPlant()
        var counts: [String: Int] = [:]
        for _ in 0..<100 {
            for group in plant.advance() { counts["\(group.driver)/\(group.name)", default: 0] += 1 }
        }
        #expect(
            counts == [
                "press/fast": 50, "press/shift": 10, "oven/zones": 20, "tank/level": 10, "chiller/main": 10,
                "水泵/状态": 10,
            ])
    }

    @Test func oneTagStandsStill() throws {
        var plant = DemoPlant()
        func flow(_ ticks: Int) -> Set<String> {
            var seen: Set<String> = []
            for _ in 0..<ticks {
                for group in plant.advance() where group.name == "level" {
                    for tag in group.tags where tag.name == "flow" { seen.insert(tag.value.json) }
                }
            }
            return seen
        }
        #expect(flow(DemoPlant.stuckTick).count > 5)
        #expect(flow(300).count == 1)
    }

    @Test func aWriteShowsInWhatIsRead() throws {
        var plant = DemoPlant()
        #expect(plant.write(driver: "tank", group: "level", tag: "setpoint", .integer(-5)) == 0)
        let group = try #require(plant.group(driver: "tank", group: "level", tags: ["setpoint", "x"]))
        #expect(group.json == #"{"node":"tank","group":"level","values":{"setpoint":-5},"errors":{"x":2201}}"#)
        for _ in 0..<1000 { _ = plant.advance() }
        let level = try #require(plant.group(driver: "tank", group: "level", tags: ["level"])?.tags.first)
        guard case .tenths(let tenths) = level.value else { throw WrongKind() }
        #expect((-70...(-30)).contains(tenths))
    }

    private struct WrongKind: Error {}

    @Test func whatIsRefused() {
        var plant = DemoPlant()
        #expect(plant.write(driver: "x", group: "level", tag: "setpoint", .integer(1)) == 2003)
        #expect(plant.write(driver: "tank", group: "x", tag: "setpoint", .integer(1)) == 2106)
        #expect(plant.write(driver: "tank", group: "level", tag: "x", .integer(1)) == 2201)
        #expect(plant.write(driver: "tank", group: "level", tag: "flow", .integer(1)) == 3004)
        #expect(plant.write(driver: "tank", group: "level", tag: "setpoint", .text("1")) == 3007)
        #expect(plant.write(driver: "tank", group: "level", tag: "setpoint", .integer(.max)) == 3020)
    }

    @Test func valuesAsJSON() {
        let values: [DemoPlant.Value] = [
            .tenths(-5), .tenths(100), .integer(.min), .boolean(true), .text("\"\n"), .array([1, -2]), .array([]),
        ]
        #expect(
            values.map { $0.json } == [
                "-0.5", "10.0", "-9223372036854775808", "true", "\"\\\"\\u000a\"", "[1,-2]", "[]",
            ])
    }
}
