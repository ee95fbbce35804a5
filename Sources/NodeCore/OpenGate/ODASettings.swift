import WebSocketCore

/// The files of OpenGate's own agent, ODA, as settings of a node.
public enum ODASettings {
    /// The longest file, bytes.
    public static let fileBytesMax = 1 << 20

    /// Which of its files; the numbers are those of neuron_ws_oda_file.
    public enum File: Int32, Sendable {
        /// es.amplia.oda.connector.websocket.cfg
        case connector = 1
        /// es.amplia.oda.datastreams.deviceinfo.cfg and …deviceinfofx30.cfg
        case deviceInfo = 2
        /// es.amplia.oda.dispatcher.opengate.cfg
        case dispatcher = 3
    }

    /// What is wrong with a file; nothing secret is in it.
    public struct Fault: Error {
        public let text: String
    }

    /// The settings that the file makes, as a JSON object, behind those of `earlier`, an object too.
    /// - Parameter remark: is told what of the file is not ours.
    public static func document(
        _ text: UnsafeRawBufferPointer, _ file: File, earlier: UnsafeRawBufferPointer?, remark: (String) -> Void
    ) throws(Fault) -> SecretBytes {
        if text.count > fileBytesMax {
            throw Fault(text: "the file has \(text.count) bytes, at most \(fileBytesMax) are taken")
        }
        // No line of it would be found.
        if IncomingMessage.isUTF16(text) || text.prefix(2).contains(0) {
            throw Fault(text: "the file looks like UTF-16; UTF-8 and ISO 8859-1 are taken")
        }
        let entries: [JavaProperties.Entry]
        do throws(JavaProperties.Fault) { entries = try JavaProperties.parse(text) } catch {
            throw Fault(text: error.text)
        }
        var reader = ODAReader(entries)
        switch file {
        case .connector: reader.readConnector()
        case .deviceInfo: reader.readDeviceInfo()
        case .dispatcher: reader.readDispatcher()
        }
        if !reader.faults.isEmpty { throw Fault(text: reader.faults.joined(separator: "; ")) }
        for text in reader.remarks { remark(text) }
        return try joined(earlier, reader.members)
    }

    /// `{…}` of both.
    private static func joined(
        _ earlier: UnsafeRawBufferPointer?, _ members: [ODAReader.Member]
    ) throws(Fault) -> SecretBytes {
        var before = UnsafeRawBufferPointer(start: nil, count: 0)
        if let earlier {
            let start = JSONScan.skipBlanks(earlier, from: 0)
            var end = earlier.count
            while end > start, JSONScan.isBlank(earlier[end - 1]) { end -= 1 }
            guard end - start >= 2, earlier[start] == UInt8(ascii: "{"), earlier[end - 1] == UInt8(ascii: "}") else {
                throw Fault(text: "the settings so far are no JSON object")
            }
            before = UnsafeRawBufferPointer(rebasing: earlier[start + 1..<end - 1])
        }
        let isEmpty = JSONScan.skipBlanks(before, from: 0) == before.count
        var size = before.count + 2
        for member in members { size += member.name.utf8CodeUnitCount + member.json.count + 4 }
        let document = SecretBytes(capacity: size) { room in
            var count = 0
            func put(_ bytes: some Sequence<UInt8>) {
                for byte in bytes {
                    room[count] = byte
                    count += 1
                }
            }
            put(CollectionOfOne(UInt8(ascii: "{")))
            put(before)
            for (index, member) in members.enumerated() {
                put((index > 0 || !isEmpty ? ",\"" : "\"").utf8)
                put(UnsafeBufferPointer(start: member.name.utf8Start, count: member.name.utf8CodeUnitCount))
                put("\":".utf8)
                member.json.withBytes { put($0) }
            }
            put(CollectionOfOne(UInt8(ascii: "}")))
            return count
        }
        guard let document else { throw Fault(text: "memory is exhausted") }
        return document
    }
}

/// Reads one file's entries.
private struct ODAReader {
    struct Member {
        let name: StaticString
        let json: SecretBytes
    }

    private(set) var members: [Member] = []
    private(set) var faults: [String] = []
    private(set) var remarks: [String] = []

    /// Of each key the last one.
    private var entries: [JavaProperties.Entry] = []

    /// Names in a remark.
    private static let namesShown = 8

    init(_ all: [JavaProperties.Entry]) {
        var places: [[UInt8]: Int] = [:]
        for entry in all {
            if let place = places[entry.key] {
                entries[place] = entry
            } else {
                places[entry.key] = entries.count
                entries.append(entry)
            }
        }
    }

    // MARK: The files

    mutating func readConnector() {
        add("format", "\"opengate\"")
        let host = taken("host")
        let path = taken("path")
        let hasGeneralPath = take("generalPath") != nil
        if hasGeneralPath {
            faults.append("\"generalPath\" is no key of the agent's, though its example has it: it means \"path\"")
        }
        if let host { addText("host", host) } else { faults.append("\"host\" is missing; it takes the server's name") }
        if let path {
            addText("path", path)
        } else if !hasGeneralPath {
            faults.append("\"path\" is missing; it takes the path of the platform's sessions, /south/v80/sessions")
        }
        if let port = take("port"), let number = integer("port", port, 1...65535) { add("port", "\(number)") }
        if let timeout = take("connectionTimeout"), let seconds = integer("connectionTimeout", timeout, 1...600) {
            add("connect-timeout", "\(seconds)")
        }
        if let interval = take("keepAliveInterval"), let seconds = integer("keepAliveInterval", interval, 0...3600) {
            add("ping-interval", "\(seconds)")
            // The end comes when nothing came for one and a half intervals.
            if seconds > 0 { add("ping-timeout", SettingKind.seconds(seconds * 500)) }
        }
        remarkRest("the connector's file")
    }

    mutating func readDeviceInfo() {
        if let id = take("deviceId"), !isPlaceholder(id) { addText("device-id", id) }
        let key = take("apiKey")
        if let key = take("apikey") ?? key, !isPlaceholder(key) { addText("api-key", key) }
        remarkRest("the device's file")
    }

    mutating func readDispatcher() {
        if let reduced = take("reducedOutput") {
            let text = shown(reduced.value, lowercased: true)
            let isTrue = text.utf8.elementsEqual("true".utf8)
            add("reduced", isTrue ? "true" : "false")
            if !isTrue, !text.utf8.elementsEqual("false".utf8) {
                remarks.append(
                    "\"reducedOutput\" is \"\(ForeignText(text).shown(charactersMax: 32))\", which is false to the "
                        + "agent: only true is true")
            }
        }
        if let type = take("eventContentType") { checkContentType(type) }
        if take("operationTimeout") != nil {
            remarks.append(
                "\"operationTimeout\" is not taken, as the agent never reads it: operations have 80 seconds, or what "
                    + "the setting request-timeout says")
        }
        readPublishing()
    }

    private mutating func checkContentType(_ entry: JavaProperties.Entry) {
        let type = shown(entry.value, lowercased: true)
        for name in ["json", "application/json", ""] where type.utf8.elementsEqual(name.utf8) { return }
        faults.append(
            "\"eventContentType\" is \"\(ForeignText(shown(entry.value)).shown(charactersMax: 32))\"; JSON alone is "
                + "sent, neither CBOR nor MessagePack")
    }

    /// `id=seconds` and `id;device=first;next`.
    private mutating func readPublishing() {
        var times: [(name: [UInt8], seconds: Int64)] = []
        var places: [[UInt8]: Int] = [:]
        var namesDevices = false
        for entry in entries {
            let pieces = entry.key.split(separator: UInt8(ascii: ";"), maxSplits: 1, omittingEmptySubsequences: false)
            let name = Array(pieces[0])
            if pieces.count > 1 { namesDevices = true }
            let numbers = Array(shown(entry.value).utf8).split(
                separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
            guard numbers.count <= 2, let last = numbers.last, let seconds = Self.integer(last), seconds <= 604_800,
                numbers.allSatisfy({ Self.integer($0) != nil })
            else {
                faults.append(
                    "\"\(ForeignText(entry.key[...]).shown(charactersMax: 64))\" (line \(entry.line)) is no publishing "
                        + "time; it takes seconds, as n or first;next, at most 604800")
                continue
            }
            if let place = places[name] {
                times[place].seconds = min(times[place].seconds, seconds)
            } else {
                places[name] = times.count
                times.append((name, seconds))
            }
        }
        if namesDevices {
            remarks.append(
                "publishing times are taken for the datastreams of all devices, whichever device a line names")
        }
        if times.isEmpty { return }
        var json: [UInt8] = []
        for time in times {
            json.append(json.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
            time.name.withUnsafeBytes { JSONText.appendString($0, to: &json) }
            json += Array(":\(time.seconds)".utf8)
        }
        json.append(UInt8(ascii: "}"))
        members.append(Member(name: "opengate-publish", json: json.withUnsafeBytes { SecretBytes($0) }))
    }

    // MARK: Entries

    /// Takes the entry of this key out.
    private mutating func take(_ key: StaticString) -> JavaProperties.Entry? {
        let name = UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount)
        guard let place = entries.firstIndex(where: { $0.key.elementsEqual(name) }) else { return nil }
        return entries.remove(at: place)
    }

    /// The same; nil also of one that says nothing.
    private mutating func taken(_ key: StaticString) -> JavaProperties.Entry? {
        take(key).flatMap { $0.value.count == 0 ? nil : $0 }
    }

    /// As the agent's own example has them, `<device_id>`: then it was never filled in.
    private mutating func isPlaceholder(_ entry: JavaProperties.Entry) -> Bool {
        let isOne = entry.value.withBytes { $0.first == UInt8(ascii: "<") && $0.last == UInt8(ascii: ">") }
        if isOne {
            faults.append(
                "\"\(ForeignText(entry.key[...]).shown(charactersMax: 64))\" (line \(entry.line)) is still the "
                    + "example's <…>; it takes what the platform gave for the gateway")
        }
        return isOne
    }

    private mutating func remarkRest(_ file: String) {
        if entries.isEmpty { return }
        var names = ""
        for entry in entries.prefix(Self.namesShown) {
            names += (names.isEmpty ? "" : ", ") + ForeignText(entry.key[...]).shown(charactersMax: 64)
        }
        if entries.count > Self.namesShown { names += " and \(entries.count - Self.namesShown) more" }
        remarks.append("of \(file) this is not ours: \(names)")
    }

    private mutating func add(_ name: StaticString, _ json: String) {
        members.append(Member(name: name, json: SecretBytes(json)))
    }

    private mutating func addText(_ name: StaticString, _ entry: JavaProperties.Entry) {
        members.append(Member(name: name, json: JSONText.quoted(entry.value)))
    }

    private mutating func integer(
        _ key: StaticString, _ entry: JavaProperties.Entry, _ range: ClosedRange<Int64>
    ) -> Int64? {
        let text = Array(shown(entry.value).utf8)
        if let number = Self.integer(text[...]), range.contains(number) { return number }
        faults.append(
            "\"\(key)\" is \"\(ForeignText(text[...]).shown(charactersMax: 32))\"; it takes an integer from "
                + "\(range.lowerBound) to \(range.upperBound)")
        return nil
    }

    private static func integer(_ text: ArraySlice<UInt8>) -> Int64? {
        guard !text.isEmpty, text.count <= 18 else { return nil }
        var number: Int64 = 0
        for byte in text {
            guard byte &- 0x30 < 10 else { return nil }
            number = number * 10 + Int64(byte - 0x30)
        }
        return number
    }

    /// Of a value that is no secret.
    private func shown(_ value: SecretBytes, lowercased: Bool = false) -> String {
        value.withBytes { bytes in
            let text = bytes.map { lowercased && $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }
            return String(decoding: text, as: UTF8.self)
        }
    }
}

extension JSONText {
    /// A secret text with its quotes.
    static func quoted(_ secret: SecretBytes) -> SecretBytes {
        SecretBytes(capacity: secret.count * 6 + 2) { room in
            var count = 0
            func put(_ byte: UInt8) {
                room[count] = byte
                count += 1
            }
            put(UInt8(ascii: "\""))
            secret.withBytes { bytes in
                for byte in bytes {
                    if byte < 0x20 {
                        for digit in "\\u00".utf8 { put(digit) }
                        put(0x30 + byte >> 4)
                        put(byte & 15 < 10 ? 0x30 + byte & 15 : 0x57 + byte & 15)
                        continue
                    }
                    if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { put(UInt8(ascii: "\\")) }
                    put(byte)
                }
            }
            put(UInt8(ascii: "\""))
            return count
        } ?? secret
    }
}
