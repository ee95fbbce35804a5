// SPDX-License-Identifier: Apache-2.0
/// A made-up plant that lives by ticks of a tenth of a second: what `demo --web` shows. No clock, no chance: the same
/// ticks make the same readings.
struct DemoPlant {
    enum Value: Equatable {
        case integer(Int64)
        /// A real number with one decimal.
        case tenths(Int)
        case boolean(Bool)
        case text(String)
        case array([Int64])

        var json: String {
            switch self {
            case .integer(let number): "\(number)"
            case .tenths(let tenths):
                (tenths < 0 ? "-" : "") + "\(tenths.magnitude / 10).\(tenths.magnitude % 10)"
            case .boolean(let isTrue): isTrue ? "true" : "false"
            case .text(let text): JSONText.quoted(text)
            case .array(let numbers): "[\(numbers.map { "\($0)" }.joined(separator: ","))]"
            }
        }
    }

    struct Tag {
        let name: String
        var value: Value
        /// A code of the gateway's; then there is no value.
        var error = 0
        var isWritable = false
    }

    struct Group {
        let driver: String
        let name: String
        /// It is read every so many ticks.
        let everyTicks: Int
        var tags: [Tag]
    }

    /// The gateway's codes for what goes wrong here.
    enum Code {
        static let driverMissing: Int32 = 2003
        static let groupMissing: Int32 = 2106
        static let tagMissing: Int32 = 2201
        static let disconnected = 3002
        static let notWritable: Int32 = 3004
        static let wrongType: Int32 = 3007
        static let outOfRange: Int32 = 3020
    }

    /// From this tick on tank/level/flow stands still.
    static let stuckTick = 200
    static let setpoints = -10_000...10_000

    private(set) var groups = Self.initialGroups
    private(set) var tick = 0
    /// A simple congruential generator's, for readings that tremble.
    private var noise: UInt32 = 1

    private static let initialGroups = [
        Group(
            driver: "press", name: "fast", everyTicks: 2,
            tags: [
                Tag(name: "force", value: .tenths(0)), Tag(name: "stroke", value: .tenths(0)),
                Tag(name: "running", value: .boolean(true)), Tag(name: "mode", value: .integer(0)),
                Tag(name: "target", value: .integer(180), isWritable: true),
            ]),
        Group(
            driver: "press", name: "shift", everyTicks: 10,
            tags: [Tag(name: "parts", value: .integer(0)), Tag(name: "batch", value: .text(""))]),
        Group(
            driver: "oven", name: "zones", everyTicks: 5,
            tags: [
                Tag(name: "temperatures", value: .array([])), Tag(name: "program", value: .text("")),
                Tag(name: "door", value: .boolean(false)),
            ]),
        Group(
            driver: "tank", name: "level", everyTicks: 10,
            tags: [
                Tag(name: "level", value: .tenths(500)), Tag(name: "flow", value: .tenths(0)),
                Tag(name: "setpoint", value: .integer(60), isWritable: true),
                Tag(name: "label", value: .text("raw water"), isWritable: true),
            ]),
        Group(
            driver: "chiller", name: "main", everyTicks: 10,
            tags: [
                Tag(name: "temperature", value: .tenths(0), error: Code.disconnected),
                Tag(name: "energy", value: .integer(9_007_199_254_740_993)),
            ]),
        Group(driver: "水泵", name: "状态", everyTicks: 10, tags: [Tag(name: "压力", value: .tenths(0))]),
    ]

    /// The next tick.
    /// - Returns: the groups that were read at it.
    mutating func advance() -> [Group] {
        tick += 1
        let read = groups.indices.filter { tick % groups[$0].everyTicks == 0 }
        for index in read { update(index) }
        return read.map { groups[$0] }
    }

    private mutating func update(_ index: Int) {
        switch (groups[index].driver, groups[index].name) {
        case ("press", "fast"):
            let target = integer(index, "target")
            set(index, "force", .tenths(Int(target) * 10 + wave(80, 60) + trembling(15)))
            set(index, "stroke", .tenths(wave(30, 125)))
            set(index, "running", .boolean(tick % 100 < 90))
            set(index, "mode", .integer(Int64(tick / 50 % 4)))
        case ("press", _):
            set(index, "parts", .integer(Int64(tick / 10)))
            set(index, "batch", .text("B-\(1000 + tick / 300)"))
        case ("oven", _):
            set(index, "temperatures", .array((0..<3).map { 210 + $0 * 20 + Int64(wave(400, 9) + trembling(2)) }))
            set(index, "program", .text(["soak", "heat", "hold", "cool"][tick / 150 % 4]))
            set(index, "door", .boolean(tick / 25 % 2 == 0), error: tick % 200 < 50 ? Code.disconnected : 0)
        case ("tank", _):
            guard case .tenths(let level) = value(index, "level") else { return }
            let missing = Int(integer(index, "setpoint")) * 10 - level
            let step = missing / 8 + missing.signum()
            set(index, "level", .tenths(level + step + trembling(2)))
            if tick < Self.stuckTick { set(index, "flow", .tenths(120 + trembling(30))) }
        case ("chiller", _): set(index, "energy", .integer(9_007_199_254_740_993 + Int64(tick / 10)))
        default: set(index, "压力", .tenths(32 + wave(200, 15) + trembling(2)))
        }
    }

    /// Up and down between 0 and `height`, once in `ticks`.
    private func wave(_ ticks: Int, _ height: Int) -> Int {
        let phase = tick % ticks
        return height * min(phase, ticks - phase) * 2 / ticks
    }

    private mutating func trembling(_ height: Int) -> Int {
        noise = noise &* 1_664_525 &+ 1_013_904_223
        return Int(noise >> 16) % (2 * height + 1) - height
    }

    private func place(_ index: Int, _ name: String) -> Int? { groups[index].tags.firstIndex { $0.name == name } }

    private func value(_ index: Int, _ name: String) -> Value? {
        place(index, name).map { groups[index].tags[$0].value }
    }

    private func integer(_ index: Int, _ name: String) -> Int64 {
        guard case .integer(let number) = value(index, name) else { return 0 }
        return number
    }

    private mutating func set(_ index: Int, _ name: String, _ value: Value, error: Int = 0) {
        guard let place = place(index, name) else { return }
        groups[index].tags[place].value = value
        groups[index].tags[place].error = error
    }

    // MARK: What a server asks

    /// Writes a tag.
    /// - Returns: the gateway's code for what is wrong; 0: it is written.
    mutating func write(driver: String, group: String, tag: String, _ value: Value) -> Int32 {
        let error = missing(driver: driver, group: group)
        guard error == 0, let index = groups.firstIndex(where: { $0.driver == driver && $0.name == group }) else {
            return error
        }
        guard let place = place(index, tag) else { return Code.tagMissing }
        guard groups[index].tags[place].isWritable else { return Code.notWritable }
        switch (groups[index].tags[place].value, value) {
        case (.integer, .integer(let number)):
            guard Self.setpoints.contains(Int(clamping: number)) else { return Code.outOfRange }
        case (.text, .text): break
        default: return Code.wrongType
        }
        groups[index].tags[place].value = value
        return 0
    }

    /// - Returns: the gateway's code; 0: it is there.
    func missing(driver: String, group: String) -> Int32 {
        let groups = groups.filter { $0.driver == driver }
        if groups.isEmpty { return Code.driverMissing }
        return groups.contains { $0.name == group } ? 0 : Code.groupMissing
    }

    /// A group of it, of these tags alone if any are named.
    func group(driver: String, group: String, tags: [String]) -> Group? {
        guard var found = groups.first(where: { $0.driver == driver && $0.name == group }) else { return nil }
        if tags.isEmpty { return found }
        found.tags = tags.map { name in
            found.tags.first { $0.name == name }
                ?? Tag(name: name, value: .boolean(false), error: Int(Code.tagMissing))
        }
        return found
    }
}

extension DemoPlant.Group {
    /// As the library takes it.
    var json: String {
        let values = tags.filter { $0.error == 0 }.map { "\(JSONText.quoted($0.name)):\($0.value.json)" }
        let errors = tags.filter { $0.error != 0 }.map { "\(JSONText.quoted($0.name)):\($0.error)" }
        return "{\"node\":\(JSONText.quoted(driver)),\"group\":\(JSONText.quoted(name)),"
            + "\"values\":{\(values.joined(separator: ","))},\"errors\":{\(errors.joined(separator: ","))}}"
    }
}
