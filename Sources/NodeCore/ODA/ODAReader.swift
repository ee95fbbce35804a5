// SPDX-License-Identifier: Apache-2.0
import CJansson
import WebSocketCore

/// Reads one file's entries.
struct ODAReader {
    struct Member {
        let name: StaticString
        let json: SecretBytes
    }

    /// What is wrong, in sentences. A file has as many faults as lines; the first ones will do.
    struct Faults {
        private static let shownMax = 32
        private var shown: [String] = []
        private var count = 0

        mutating func append(_ text: String) {
            count += 1
            if shown.count < Self.shownMax { shown.append(text) }
        }

        /// Nil: nothing is.
        var text: String? {
            if count == 0 { return nil }
            let text = shown.joined(separator: "; ")
            return count > shown.count ? text + "; and \(count - shown.count) more" : text
        }
    }

    private(set) var members: [Member] = []
    private(set) var faults = Faults()
    private(set) var remarks: [String] = []
    private let entries: PropertyList

    /// Names in a remark.
    private static let namesShown = 8
    /// The longest publishing time, seconds: a week.
    private static let publishSecondsMax: Int64 = 604_800

    init(_ entries: PropertyList) { self.entries = entries }

    // MARK: The files

    mutating func readConnector() throws(OutOfMemory) {
        add("format", "\"opengate\"")
        let host = taken("host")
        let path = taken("path")
        let hasGeneralPath = entries.take("generalPath") != nil
        if hasGeneralPath {
            faults.append("\"generalPath\" is no key of the agent's, though its example has it: it means \"path\"")
        }
        if let host {
            try addText("host", host)
        } else {
            faults.append("\"host\" is missing; it takes the server's name")
        }
        if let path {
            try addText("path", path)
        } else if !hasGeneralPath {
            faults.append("\"path\" is missing; it takes the path of the platform's sessions, /south/v80/sessions")
        }
        if let port = entries.take("port"), let number = integer("port", port, 1...65535) { add("port", "\(number)") }
        if let timeout = entries.take("connectionTimeout"),
            let seconds = integer("connectionTimeout", timeout, 1...600)
        {
            add("connect-timeout", "\(seconds)")
        }
        if let interval = entries.take("keepAliveInterval"),
            let seconds = integer("keepAliveInterval", interval, 0...3600)
        {
            add("ping-interval", "\(seconds)")
            // The end comes when nothing came for one and a half intervals.
            if seconds > 0 { add("ping-timeout", SettingKind.seconds(seconds * 500)) }
        }
        remarkRest("the connector's file")
    }

    mutating func readDeviceInfo() throws(OutOfMemory) {
        if let id = entries.take("deviceId"), !isPlaceholder(id) { try addText("device-id", id) }
        let key = entries.take("apiKey")
        if let key = entries.take("apikey") ?? key, !isPlaceholder(key) { try addText("api-key", key) }
        remarkRest("the device's file")
    }

    mutating func readDispatcher() throws(OutOfMemory) {
        if let reduced = entries.take("reducedOutput") {
            let isTrue = isText(reduced, "true")
            add("reduced", isTrue ? "true" : "false")
            if !isTrue, !isText(reduced, "false") {
                remarks.append(
                    "\"reducedOutput\" is \"\(shownValue(reduced))\", which is false to the agent: only true is true")
            }
        }
        if let type = entries.take("eventContentType"), !isText(type, "json"), !isText(type, "application/json"),
            !entries.isEmpty(type)
        {
            faults.append(
                "\"eventContentType\" is \"\(shownValue(type))\"; JSON alone is sent, neither CBOR nor MessagePack")
        }
        if entries.take("operationTimeout") != nil {
            remarks.append(
                "\"operationTimeout\" is not taken, as the agent never reads it: operations have 80 seconds, or what "
                    + "the setting request-timeout says")
        }
        try readPublishing()
    }

    // MARK: Publishing times

    private struct Time: BitwiseCopyable {
        let entry: Int
        /// Of the datastream, which stands at the beginning of the key.
        let nameByteCount: Int
        var seconds: Int64
    }

    /// `id=seconds` and `id;device=first;next`.
    private mutating func readPublishing() throws(OutOfMemory) {
        if entries.untakenCount == 0 { return }
        do throws(EncodingError) {
            var times = RawList<Time>()
            let table = try NameTable.make(nameCountMax: entries.untakenCount)
            var namesDevices = false
            for index in 0..<entries.count where !entries[index].isTaken {
                let entry = entries[index]
                let nameByteCount = entries.withKey(entry) { key in
                    key.firstIndex(of: UInt8(ascii: ";")) ?? key.count
                }
                if entries.withKey(entry, { $0.count }) > nameByteCount { namesDevices = true }
                guard let seconds = publishSeconds(entry) else {
                    faults.append(
                        "\"\(shownKey(entry))\" (line \(entry.line)) is no publishing time; it takes seconds, as n or "
                            + "first;next, at most \(Self.publishSecondsMax)")
                    continue
                }
                let time = Time(entry: index, nameByteCount: nameByteCount, seconds: seconds)
                let known = withName(time) { name in
                    table.findOrInsert(hash: NameHash.of(name, seed: table.seed), name: times.count) { other in
                        withName(times[other]) { $0.elementsEqual(name) }
                    }
                }
                if let known {
                    times[known].seconds = min(times[known].seconds, seconds)
                } else {
                    try times.append(time)
                }
            }
            if namesDevices {
                remarks.append(
                    "publishing times are taken for the datastreams of all devices, whichever device a line names")
            }
            if times.count > 0 { try addTimes(times) }
        } catch { throw OutOfMemory() }
    }

    /// The last of one or two numbers; nil: it is something else.
    private func publishSeconds(_ entry: PropertyList.Entry) -> Int64? {
        entries.withValue(entry) { value in
            let middle = value.firstIndex(of: UInt8(ascii: ";"))
            if let middle, Self.integer(value[..<middle]) == nil { return nil }
            guard let seconds = Self.integer(middle.map { value[($0 + 1)...] } ?? value[...]) else { return nil }
            return seconds <= Self.publishSecondsMax ? seconds : nil
        }
    }

    private func withName<R>(_ time: Time, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        entries.withKey(entries[time.entry]) { body(UnsafeRawBufferPointer(rebasing: $0[..<time.nameByteCount])) }
    }

    private mutating func addTimes(_ times: borrowing RawList<Time>) throws(EncodingError) {
        let buffer = ByteBuffer(byteCountMax: .max)
        var writer = try ByteWriter.open(buffer)
        for index in 0..<times.count {
            let time = times[index]
            try writer.writeByte(index == 0 ? UInt8(ascii: "{") : UInt8(ascii: ","))
            let key = entries[time.entry]
            // The list holds the bytes as long as it lives.
            let name = entries.withKey(key) { UnsafeRawBufferPointer(rebasing: $0[..<time.nameByteCount]) }
            try JSONStringWriter.writeQuoted(name, to: &writer)
            try writer.writeByte(UInt8(ascii: ":"))
            try writer.writeInteger(time.seconds)
        }
        try writer.writeByte(UInt8(ascii: "}"))
        try writer.finish()
        do throws(OutOfMemory) {
            let json = try SecretBytes.make(capacity: buffer.count, memory: .heap) { room in
                buffer.withBytes { room.copyMemory(from: $0) }
                return room.count
            }
            members.append(Member(name: "opengate-publish", json: json ?? ""))
        } catch { throw .noMemory }
    }

    // MARK: Entries

    /// The entry of this key; nil also of one that says nothing.
    private func taken(_ key: StaticString) -> PropertyList.Entry? {
        entries.take(key).flatMap { entries.isEmpty($0) ? nil : $0 }
    }

    /// As the agent's own example has them, `<device_id>`: then it was never filled in.
    private mutating func isPlaceholder(_ entry: PropertyList.Entry) -> Bool {
        let isOne = entries.withValue(entry) { $0.first == UInt8(ascii: "<") && $0.last == UInt8(ascii: ">") }
        if isOne {
            faults.append(
                "\"\(shownKey(entry))\" (line \(entry.line)) is still the example's <…>; it takes what the platform "
                    + "gave for the gateway")
        }
        return isOne
    }

    private mutating func remarkRest(_ file: String) {
        if entries.untakenCount == 0 { return }
        var names = ""
        var shown = 0
        for index in 0..<entries.count where !entries[index].isTaken && shown < Self.namesShown {
            names += (names.isEmpty ? "" : ", ") + shownKey(entries[index])
            shown += 1
        }
        if entries.untakenCount > shown { names += " and \(entries.untakenCount - shown) more" }
        remarks.append("of \(file) this is not ours: \(names)")
    }

    private mutating func add(_ name: StaticString, _ json: String) {
        members.append(Member(name: name, json: SecretBytes(json)))
    }

    private mutating func addText(_ name: StaticString, _ entry: PropertyList.Entry) throws(OutOfMemory) {
        let json = try entries.quotedValue(entry)
        members.append(Member(name: name, json: json))
    }

    private mutating func integer(
        _ key: StaticString, _ entry: PropertyList.Entry, _ range: ClosedRange<Int64>
    ) -> Int64? {
        if let number = entries.withValue(entry, { Self.integer($0[...]) }), range.contains(number) { return number }
        faults.append(
            "\"\(key)\" is \"\(shownValue(entry))\"; it takes an integer from \(range.lowerBound) to "
                + "\(range.upperBound)")
        return nil
    }

    private static func integer(_ text: Slice<UnsafeRawBufferPointer>) -> Int64? {
        ASCII.decimal(text).flatMap { Int64(exactly: $0) }
    }

    // MARK: Texts

    private func shownKey(_ entry: PropertyList.Entry) -> String {
        entries.withKey(entry) { ForeignText.beginning($0).shown(charactersMax: 64) }
    }

    /// Of a value that is no secret.
    private func shownValue(_ entry: PropertyList.Entry) -> String {
        entries.withValue(entry) { ForeignText.beginning($0).shown(charactersMax: 32) }
    }

    /// Whether a value is this, in letters of either case.
    private func isText(_ entry: PropertyList.Entry, _ lowercase: StaticString) -> Bool {
        entries.withValue(entry) { value in
            guard value.count == lowercase.utf8CodeUnitCount else { return false }
            return value.indices.allSatisfy { ASCII.lowercased(value[$0]) == lowercase.utf8Start[$0] }
        }
    }
}

extension PropertyList {
    /// A value as JSON; it may be a secret.
    fileprivate func quotedValue(_ entry: Entry) throws(OutOfMemory) -> SecretBytes {
        let size = withValue(entry) { $0.count }
        let json = try SecretBytes.make(capacity: size * 6 + 2, memory: .heap) { room in
            var count = 0
            func put(_ byte: UInt8) {
                room[count] = byte
                count += 1
            }
            put(UInt8(ascii: "\""))
            withValue(entry) { bytes in
                for byte in bytes {
                    if byte < 0x20 {
                        for digit in "\\u00".utf8 { put(digit) }
                        put(ASCII.hexDigit(of: byte >> 4))
                        put(ASCII.hexDigit(of: byte & 15))
                        continue
                    }
                    if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { put(UInt8(ascii: "\\")) }
                    put(byte)
                }
            }
            put(UInt8(ascii: "\""))
            return count
        }
        return json ?? ""
    }
}
