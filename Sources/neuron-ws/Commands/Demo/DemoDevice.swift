// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS

/// A simulated device: a group of tags that change with each reading, one of which counts the readings.
final class DemoDevice {
    let driver: String
    private(set) var readings: Int64 = 0
    private var tags: [neuron_ws_tag_t]
    private let update: (inout [neuron_ws_tag_t], Int64) -> Void
    private let driverText: UnsafeMutablePointer<CChar>
    private let groupText: UnsafeMutablePointer<CChar>

    /// - Parameter update: gives the tags behind the counter their values for a reading.
    private init(
        driver: String, group: String, tags: [neuron_ws_tag_t],
        update: @escaping (inout [neuron_ws_tag_t], Int64) -> Void
    ) {
        self.driver = driver
        self.tags = [Self.tag("counter", .NEURON_WS_TYPE_INT64)] + tags
        self.update = update
        driverText = strdup(driver)
        groupText = strdup(group)
    }

    deinit {
        for tag in tags { free(UnsafeMutableRawPointer(mutating: tag.name)) }
        free(driverText)
        free(groupText)
    }

    /// The next reading.
    func read() {
        readings += 1
        tags[0].value.i64 = readings
        update(&tags, readings)
    }

    /// The next reading is the one behind this.
    func skip(to reading: Int64) { readings = reading }

    /// Lends the reading as a group.
    func withGroup<Result>(_ body: (UnsafePointer<neuron_ws_group_t>) -> Result) -> Result {
        tags.withUnsafeBufferPointer { tags in
            var group = neuron_ws_group_t()
            group.size = MemoryLayout<neuron_ws_group_t>.size
            group.driver = UnsafePointer(driverText)
            group.group = UnsafePointer(groupText)
            group.tags = tags.baseAddress
            group.tag_count = tags.count
            group.tag_size = MemoryLayout<neuron_ws_tag_t>.size
            return withUnsafePointer(to: &group) { body($0) }
        }
    }

    private static func tag(_ name: String, _ type: neuron_ws_type_t, precision: UInt8 = 0) -> neuron_ws_tag_t {
        var tag = neuron_ws_tag_t()
        tag.name = UnsafePointer(strdup(name))
        tag.type = type
        tag.precision = precision
        return tag
    }

    // MARK: The two of the demo

    /// Neuron's code for a tag that a device does not answer for.
    private static let readError: Int32 = 3002

    /// A press: fast numbers of several types, and a sensor that fails every third time.
    static func press() -> DemoDevice {
        DemoDevice(
            driver: "press", group: "fast",
            tags: [
                tag("force", .NEURON_WS_TYPE_FLOAT, precision: 1), tag("stroke", .NEURON_WS_TYPE_DOUBLE),
                tag("running", .NEURON_WS_TYPE_BOOL), tag("mode", .NEURON_WS_TYPE_UINT8),
                tag("vibration", .NEURON_WS_TYPE_FLOAT),
            ],
            update: { tags, reading in
                tags[1].value.f32 = 180 + Float(reading % 40) * 0.7
                tags[2].value.d64 = Double(reading % 100) / 8
                tags[3].value.boolean = reading % 10 != 0
                tags[4].value.u8 = UInt8(reading % 4)
                tags[5].value.f32 = Float(reading % 7) / 10
                tags[5].error = reading % 3 == 1 ? readError : 0
            })
    }

    /// The names of the oven's programs, which live as long as the demo.
    nonisolated(unsafe) private static let programs = ["soak", "heat", "hold", "cool"].map { (name: String) in
        strdup(name)!
    }

    /// An oven: an array, a text, a word of bits, and a door switch that fails once in a while.
    static func oven() -> DemoDevice {
        let zones = UnsafeMutablePointer<Float>.allocate(capacity: 3)
        return DemoDevice(
            driver: "oven", group: "zones",
            tags: [
                tag("temperatures", .NEURON_WS_TYPE_ARRAY_FLOAT), tag("program", .NEURON_WS_TYPE_STRING),
                tag("alarms", .NEURON_WS_TYPE_WORD), tag("door", .NEURON_WS_TYPE_BIT),
            ],
            update: { tags, reading in
                for zone in 0..<3 { zones[zone] = 210.5 + Float(zone) * 20 + Float(reading % 5) }
                tags[1].value.array = neuron_ws_array_t(data: zones, count: 3)
                let program = programs[Int(reading / 8) % programs.count]
                tags[2].value.text = neuron_ws_text_t(data: program, length: strlen(program))
                tags[3].value.u16 = UInt16(truncatingIfNeeded: reading &* 257)
                tags[4].value.u8 = UInt8(reading % 2)
                tags[4].error = reading % 5 == 4 ? readError : 0
            })
    }
}
