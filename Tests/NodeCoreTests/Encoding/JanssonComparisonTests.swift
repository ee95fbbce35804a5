// SPDX-License-Identifier: Apache-2.0
import CJansson
import CNeuronWS
import Testing

@testable import NodeCore

/// What the encoder writes, jansson reads back to the very tree that jansson itself would have built of the group.
@Suite struct JanssonComparisonTests {
    private var random = TestRandom(11)

    /// Names that come twice and more often, static tags of the node and of the subscription with the names of tags and
    /// of each other, metas of one name: all of them, with names that were kept and names that were not.
    @Test mutating func randomGroupsBecomeTheTreesJanssonWouldHaveBuilt() throws {
        let names = GroupNames()
        for round in 0..<1200 {
            let format = [UploadFormat.values, .tags, .ecp, .openGate][round % 4]
            let options = Options(
                format: format, reportsErrors: random.below(4) > 0, node: try statics(), own: try statics(),
                openGate: OpenGateIdentity(
                    deviceID: ["", "gateway", "plc1"][random.below(3)], isReduced: random.below(2) == 0))
            let key = GroupNames.Key(settings: UInt64(round), subscription: 1)
            var tags = (0..<(1 + random.below(12))).map { _ in tag("t\(random.below(20))", depth: 0) }
            let driver = random.below(3) == 0 ? "plc1" : name()
            let group = name()
            for message in 0..<3 {
                let made = TestGroup(driver: driver, group: group, tags, usesLengths: round % 2 == 0)
                try compare(made, tags, options, names: names, key: key)
                let buildCount = names.buildCount
                try compare(made, tags, options, names: names, key: key)
                #expect(names.buildCount == buildCount, "the names were not kept")
                // The same names with other values, and then one other name.
                tags = tags.map { old in
                    var new = tag("", depth: 0)
                    new.name = old.name
                    return new
                }
                if message == 1 { tags[random.below(tags.count)].name = Array("t\(random.below(20))".utf8) }
            }
        }
    }

    private struct Options {
        let format: UploadFormat
        let reportsErrors: Bool
        let node: [(String, Int)]
        let own: [(String, Int)]
        let openGate: OpenGateIdentity
    }

    private mutating func statics() throws -> [(String, Int)] {
        if random.below(3) > 0 { return [] }
        var names: [String] = []
        for _ in 0..<(1 + random.below(6)) {
            let name = random.below(4) == 0 ? self.name() : "t\(random.below(20))"
            if !names.contains(name) { names.append(name) }
        }
        return names.map { ($0, random.below(1000)) }
    }

    private func compare(
        _ group: TestGroup, _ tags: [TestTag], _ options: Options, names: GroupNames, key: GroupNames.Key
    ) throws {
        let outcome = encoded(
            group, options.format, reportsErrors: options.reportsErrors, staticTags: try parsed(options.node),
            own: try parsed(options.own), names: names, key: key, openGate: options.openGate)
        let statics = options.node.filter { node in !options.own.contains { $0.0 == node.0 } }
        let ordered = options.node.map { node in options.own.first { $0.0 == node.0 } ?? node }
        let all = ordered + options.own.filter { own in !options.node.contains { $0.0 == own.0 } }
        #expect(all.count == statics.count + options.own.count)
        let maker = Tree(
            format: options.format, reportsErrors: options.reportsErrors, statics: all, openGate: options.openGate)
        let tree = maker.of(group, tags)
        defer { neuron_ws_json_decref(tree) }
        guard case .message(let text, _, _) = outcome else {
            let hasValues = tags.contains { Tree.error(of: $0) == 0 }
            let needsValues = !options.reportsErrors || (options.format == .ecp && all.isEmpty)
            #expect(outcome == .skipped && !hasValues && needsValues, "\(outcome)")
            return
        }
        // A name stands once in each object.
        let document = try Array(text.utf8).withUnsafeBytes { bytes in
            try JSONDocument.parse(bytes, byteCountMax: 1 << 20, rejectsDuplicates: true)
        }
        // json_equal ignores the order of members; the dump does not.
        #expect(json_equal(document.root.pointer, tree) == 1, "\(text)")
        let dumped = json_dumps(tree, Int(JSON_COMPACT))!
        defer { free(dumped) }
        #expect(document.root.encoded(flags: JSON_COMPACT) == Array(String(cString: dumped).utf8), "\(text)")
    }

    private func parsed(_ statics: [(String, Int)]) throws -> StaticTags? {
        if statics.isEmpty { return nil }
        let object = json_object()!
        for (name, value) in statics {
            let bytes = Array(name.utf8)
            _ = bytes.withUnsafeBytes { raw in
                raw.withMemoryRebound(to: CChar.self) {
                    json_object_setn_new(object, $0.baseAddress, $0.count, json_integer(json_int_t(value)))
                }
            }
        }
        let text = json_dumps(object, 0)!
        defer {
            free(text)
            neuron_ws_json_decref(object)
        }
        return try StaticTags.parse(JSONDocument.parse(String(cString: text), byteCountMax: 1 << 20).root)
    }

    private mutating func name() -> String {
        let alphabet = Array("abcXYZ019 _-./\\\"\u{1}\té温😀")
        return String((0..<(1 + random.below(14))).map { _ in alphabet[random.below(alphabet.count)] })
    }

    private mutating func tag(_ fallback: String, depth: Int) -> TestTag {
        let types: [Int32] = Array(1...34) + [40]
        // UINT64 above 2^63-1 is no jansson integer; the vectors cover it.
        let type = types[random.below(types.count)]
        var tag = TestTag(random.below(3) == 0 ? name() + fallback : fallback, type, value(type))
        if random.below(8) == 0 { tag.error = Int32(1 + random.below(5000)) }
        if random.below(3) == 0 { tag.precision = UInt8(random.below(18)) }
        if depth == 0 && random.below(4) == 0 {
            let count = 1 + random.below(random.below(4) == 0 ? 20 : 4)
            tag.metas = (0..<count).map { _ in self.tag("", depth: 1) }
            for index in tag.metas.indices {
                tag.metas[index].name = Array(["q", "value", "m", "ü", "a\"b", "longer one"][random.below(6)].utf8)
            }
        }
        return tag
    }

    private mutating func value(_ type: Int32) -> TestTag.Value {
        switch type {
        case 9,
            31 where type == 9:
            return .float(float())
        case 10: return .double(double())
        case 11: return .integer(Int64(random.below(2)))
        case 12: return .boolean(random.below(2) == 0)
        case 13, 19...22: return .text(Array(name().utf8))
        case 14, 23...30: return .array((0..<random.below(5)).map { _ in .integer(integer() >> 1) })
        case 31: return .array((0..<random.below(5)).map { _ in .float(float()) })
        case 32: return .array((0..<random.below(5)).map { _ in .double(double()) })
        case 33: return .array((0..<random.below(5)).map { _ in .boolean(random.below(2) == 0) })
        case 34: return .array((0..<random.below(5)).map { _ in .text(Array(name().utf8)) })
        case 40:
            let documents = [
                #"{"a":[1,2.5,"x",null,true],"b":{"c":1e-300}}"#, "[ 1, 2 ]", "\"s\"", "1.1", "null", "7",
                #"{"a":1,"b":[{"x":1,"y":2,"x":{"z":0,"z":[3]}}],"\u0061":{"c":2}}"#,
            ]
            return .text(Array(documents[random.below(documents.count)].utf8))
        case 15: return .integer(Int64(random.below(3)))
        default: return .integer(integer() & Int64.max)
        }
    }

    private mutating func integer() -> Int64 { Int64(bitPattern: random.next()) >> Int64(random.below(63)) }

    private mutating func double() -> Double {
        switch random.below(4) {
        case 0: [.nan, .infinity, -.infinity, 0, -0.0, 5e-324, 1.7976931348623157e308][random.below(7)]
        case 1: Double(random.below(100_000)) / 100
        default: Double(bitPattern: random.next())
        }
    }

    private mutating func float() -> Float {
        random.below(3) == 0
            ? Float(random.below(100_000)) / 10 : Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
    }
}

/// The tree of a group, by jansson's own calls in the order of Neuron's encoder.
private struct Tree {
    let format: UploadFormat
    let reportsErrors: Bool
    let statics: [(String, Int)]
    let openGate: OpenGateIdentity

    typealias Node = UnsafeMutablePointer<json_t>

    func of(_ group: TestGroup, _ tags: [TestTag]) -> Node {
        if format == .openGate { return datastreams(group, tags) }
        let root = json_object()!
        json_object_set_new(root, "node", json_string(group.pointer.pointee.driver))
        json_object_set_new(root, "group", json_string(group.pointer.pointee.group))
        json_object_set_new(root, "timestamp", json_integer(group.pointer.pointee.timestamp_ms))
        let values = json_object()!
        let errors = json_object()!
        let metas = json_object()!
        let list = json_array()!
        for tag in tags {
            let error = Self.error(of: tag)
            if error != 0 && (!reportsErrors || format == .ecp) { continue }
            let object = json_object()!
            set(object, "name", string(tag.name))
            if error != 0 {
                set(errors, tag.name, json_integer(Int64(error)))
                set(object, "error", json_integer(Int64(error)))
            } else {
                let (value, type) = format == .ecp ? ecp(tag) : (value(tag.type, tag.value, tag.precision), 0)
                set(values, tag.name, neuron_ws_json_incref(value))
                set(object, "value", value)
                if format == .ecp { set(object, "type", json_integer(Int64(type))) }
            }
            if !tag.metas.isEmpty {
                let inner = json_object()!
                for meta in tag.metas {
                    set(inner, meta.name, value(meta.type, meta.value, meta.precision))
                    if meta.name == Array("value".utf8) { continue }
                    set(object, meta.name, value(meta.type, meta.value, meta.precision))
                }
                set(metas, tag.name, inner)
            }
            json_array_append_new(list, object)
        }
        for (name, value) in statics {
            set(values, name, json_integer(json_int_t(value)))
            let object = json_object()!
            set(object, "name", string(Array(name.utf8)))
            set(object, "value", json_integer(json_int_t(value)))
            if format == .ecp { set(object, "type", json_integer(2)) }
            json_array_append_new(list, object)
        }
        if format == .values {
            json_object_set_new(root, "values", values)
            json_object_set_new(root, "errors", errors)
            json_object_set_new(root, "metas", metas)
            neuron_ws_json_decref(list)
        } else {
            json_object_set_new(root, "tags", list)
            for unused in [values, errors, metas] { neuron_ws_json_decref(unused) }
        }
        return root
    }

    private func datastreams(_ group: TestGroup, _ tags: [TestTag]) -> Node {
        let given = group.pointer.pointee
        let tree = OpenGateTree(
            identity: openGate, reportsErrors: reportsErrors, device: String(cString: given.driver),
            group: String(cString: given.group), timestamp: given.timestamp_ms)
        for tag in tags {
            let error = Self.error(of: tag)
            if error == 0 {
                tree.add(string(tag.name), value(tag.type, tag.value, tag.precision))
            } else {
                tree.add(string(tag.name), error: error)
            }
        }
        for (name, value) in statics { tree.add(string(Array(name.utf8)), json_integer(json_int_t(value))) }
        return tree.finished()
    }

    private func set(_ object: Node, _ name: String, _ value: Node?) { set(object, Array(name.utf8), value) }

    private func set(_ object: Node, _ name: [UInt8], _ value: Node?) {
        name.withUnsafeBytes { bytes in
            _ = bytes.withMemoryRebound(to: CChar.self) {
                json_object_setn_new(object, $0.baseAddress, $0.count, value)
            }
        }
    }

    private func string(_ bytes: [UInt8]) -> Node {
        bytes.withUnsafeBytes { raw in
            raw.withMemoryRebound(to: CChar.self) { json_stringn($0.baseAddress, $0.count)! }
        }
    }

    static func error(of tag: TestTag) -> Int32 {
        if tag.error != 0 { return tag.error }
        switch tag.value {
        case .float(let number): return number.isFinite ? 0 : 3008
        case .double(let number): return number.isFinite ? 0 : 3008
        case .integer(let number) where tag.type == 15: return Int32(number)
        default: return 0
        }
    }

    private func real(_ text: String) -> Node { json_real(Double(text)!)! }

    private func value(_ type: Int32, _ value: TestTag.Value, _ precision: UInt8) -> Node {
        switch value {
        case .none, .unsigned: return json_null()
        case .integer(let number): return json_integer(cut(number, type))
        case .boolean(let flag): return flag ? json_true() : json_false()
        case .float(let number):
            if !number.isFinite { return json_null() }
            return real(precision > 0 ? printed(Double(number), decimals: Int(precision)) : number.description)
        case .double(let number):
            if !number.isFinite { return json_null() }
            return precision > 0 ? real(printed(number, decimals: Int(precision))) : json_real(number)
        case .text(let bytes):
            if type != 40 { return string(bytes) }
            return bytes.withUnsafeBytes { raw in
                raw.withMemoryRebound(to: CChar.self) {
                    json_loadb($0.baseAddress, $0.count, Int(JSON_DECODE_ANY), nil)!
                }
            }
        case .array(let elements):
            let list = json_array()!
            for element in elements { json_array_append_new(list, self.value(type, element, 0)) }
            return list
        }
    }

    /// The number that is left of an integer in a member of the type.
    private func cut(_ number: Int64, _ type: Int32) -> Int64 {
        switch type {
        case 1, 23: Int64(Int8(truncatingIfNeeded: number))
        case 2, 11, 14, 24: Int64(UInt8(truncatingIfNeeded: number))
        case 3, 25: Int64(Int16(truncatingIfNeeded: number))
        case 4, 16, 26: Int64(UInt16(truncatingIfNeeded: number))
        case 5, 15, 27: Int64(Int32(truncatingIfNeeded: number))
        case 6, 17, 28: Int64(UInt32(truncatingIfNeeded: number))
        default: number
        }
    }

    private static let documents = [
        #"{"a":1,"b":[{"x":1,"y":2,"x":{"z":0,"z":[3]}}],"\u0061":{"c":2}}"#:
            #"{"a":{"c":2},"b":[{"x":{"z":[3]},"y":2}]}"#
    ]

    private func ecp(_ tag: TestTag) -> (Node, Int) {
        let value = value(tag.type, tag.value, tag.precision)
        switch neuron_ws_json_typeof(value) {
        case JSON_TRUE, JSON_FALSE: return (value, 1)
        case JSON_INTEGER: return (value, 2)
        case JSON_REAL: return (value, 3)
        case JSON_STRING: return (value, 4)
        default:
            // Reals are written as the encoder does: the text inside the text is compared byte by byte.
            let text = compact(tag)
            neuron_ws_json_decref(value)
            return (string(Array(text.utf8)), 4)
        }
    }

    private func compact(_ tag: TestTag) -> String {
        switch tag.value {
        case .text(let bytes):
            // Of a name that comes twice, what jansson reads.
            guard let last = Self.documents[String(decoding: bytes, as: UTF8.self)] else {
                return TestJSON.parse(bytes).compact
            }
            return last
        case .array(let elements):
            let texts = elements.map { element in
                switch element {
                case .integer(let number): "\(cut(number, tag.type))"
                case .boolean(let flag): "\(flag)"
                case .float(let number):
                    number.isFinite ? TestText.made { ShortestDecimal.write(number, at: $0) } : "null"
                case .double(let number):
                    number.isFinite ? TestText.made { ShortestDecimal.write(number, at: $0) } : "null"
                case .text(let bytes): TestJSON.string(String(decoding: bytes, as: UTF8.self)).compact
                default: "null"
                }
            }
            return "[" + texts.joined(separator: ",") + "]"
        default: return "null"
        }
    }
}
