// SPDX-License-Identifier: Apache-2.0
import CJansson
import WebSocketCore

/// Reads a settings document by the table, and collects what is wrong with it.
struct SettingsParser {
    /// By index of the table; nil where the document names no value.
    private(set) var values: [SettingValue?]
    private(set) var problems: [SettingsError] = []
    /// Beyond those that are told one by one.
    private(set) var problemsBeyond = 0
    /// Somewhere there was no memory: what was read is not to be used.
    private(set) var isOutOfMemory = false
    /// What became of `schema` and `static_tags`.
    private(set) var template: CustomTemplate?
    private(set) var staticTags: StaticTags?

    /// Of each URL, in the order of `url`; empty: none has any.
    var accesses: [ServerAccess] = []
    /// A part of a URL's object was refused, by its own name: the URL is not missing.
    var isServerRefused = false

    let secrets: SettingsSecrets?
    let names: (any HostNames)?

    /// - Parameters:
    ///   - secrets: what was taken out of the document.
    ///   - names: for hosts beyond ASCII.
    init(secrets: SettingsSecrets? = nil, names: (any HostNames)? = nil) {
        self.secrets = secrets
        self.names = names
        values = [SettingValue?](repeating: nil, count: SettingsTable.descriptors.count)
    }

    /// What the document says, or nil where it says nothing.
    func given(_ key: SettingKey) -> SettingValue? {
        guard let index = SettingsTable.index(named: key.rawValue) else { return nil }
        return values[index]
    }

    /// What the document says, or the default.
    func effective(_ key: SettingKey) -> SettingValue? {
        guard let index = SettingsTable.index(named: key.rawValue) else { return nil }
        if let value = values[index] { return value }
        if case .value(let value) = SettingsTable.descriptors[index].standard { return value }
        return nil
    }

    /// `text` continues the key in its quotes.
    mutating func refuse(_ key: SettingKey, _ text: String) {
        problems.append(SettingsError(key: key.rawValue, text: "\"\(key.rawValue)\" \(text)"))
    }

    func isRefused(_ key: SettingKey) -> Bool { problems.contains { $0.key == key.rawValue } }

    /// Reads all members of `root`, bare or inside "params". Throws when there are no members to be read.
    mutating func read(_ root: JSONValue) throws(SettingsError) {
        guard root.kind == .object else {
            throw SettingsError(key: "", text: "the settings are \(root.kindName); they must be an object")
        }
        guard let params = root["params"] else {
            readMembers(root)
            return
        }
        guard params.kind == .object else {
            throw SettingsError(key: "params", text: "\"params\" is \(params.kindName); it must be an object")
        }
        root.forEachMember { name, _ in
            if name != "params" {
                problems.append(
                    SettingsError(key: name, text: "\"\(Self.shown(name))\" stands beside \"params\"; move it inside"))
            }
            return true
        }
        readMembers(params)
    }

    private mutating func readMembers(_ object: JSONValue) {
        object.forEachMember { name, value in
            guard let index = SettingsTable.index(named: name) else {
                refuseUnknown(name, value)
                return true
            }
            let descriptor = SettingsTable.descriptors[index]
            if values[index] != nil {
                refuse(descriptor.key, "is set twice, once as \"\(name)\"; give it once")
                return true
            }
            values[index] = read(value, by: descriptor)
            return true
        }
    }

    private mutating func refuseUnknown(_ name: String, _ value: JSONValue) {
        // Those beyond are only counted.
        if problems.count >= SettingsError.faultsMax {
            problemsBeyond += 1
            return
        }
        let shown = Self.shown(name)
        let text: String
        if problems.count < SettingsError.problemsMax, let nearest = SettingsTable.nearestName(to: name) {
            // To look for what a name may have meant takes long, and a document holds many: the first ones only. The
            // value stays out of the text: it may be the secret of a key that was misspelt.
            text = "\"\(shown)\" (\(value.kindName)) is no setting; did you mean \"\(nearest)\"?"
        } else {
            text = "\"\(shown)\" (\(value.kindName)) is no setting"
        }
        problems.append(SettingsError(key: name, text: text))
    }

    /// A name from the document, short and without control characters.
    static func shown(_ name: String) -> String { ForeignText.beginning(name.utf8).shown(charactersMax: 64) }

    /// Refuses with what was given and what is taken.
    mutating func refuse(_ descriptor: SettingDescriptor, _ value: JSONValue, _ part: String = "") {
        let takes = descriptor.kind.takes
        if descriptor.isSecret || value.count > 0 {
            refuse(descriptor.key, "\(part)is \(value.kindName); it takes \(takes)")
        } else {
            refuse(descriptor.key, "\(part)is \(Self.shown(value)); it takes \(takes)")
        }
    }

    /// A value with its kind, short.
    static func shown(_ value: JSONValue) -> String {
        let text = JSONText.beginning(value).shown(charactersMax: 64)
        switch value.kind {
        case .null, .boolean: return text
        default: return "\(text), \(value.kindName)"
        }
    }

    /// The value, or nil when it counts as absent or was refused.
    private mutating func read(_ value: JSONValue, by descriptor: SettingDescriptor) -> SettingValue? {
        switch descriptor.kind {
        case .boolean:
            if let boolean = value.boolean { return .boolean(boolean) }
        case .integer(let from, let to, let orZero):
            if let integer = value.integer, (from...to).contains(integer) || (orZero && integer == 0) {
                return .integer(integer)
            }
        case .seconds(let from, let to, let orZero):
            if let seconds = value.number, let milliseconds = Self.milliseconds(seconds),
                (from...to).contains(milliseconds) || (orZero && milliseconds == 0)
            {
                return .milliseconds(milliseconds)
            }
        case .choice(let choices): return readChoice(value, choices, descriptor)
        default:
            // The gateway's form sends an empty text for what nobody filled in.
            if value.kind == .string && value.withUTF8({ $0.isEmpty }) == true { return nil }
            return readText(value, by: descriptor)
        }
        refuse(descriptor, value)
        return nil
    }

    /// Rounded to milliseconds, but never from more than nothing to nothing; nil when it is out of every range.
    static func milliseconds(_ seconds: Double) -> Int64? {
        guard seconds >= 0, seconds <= 1e10 else { return nil }
        // Cut after adding a half: rounded() would need libm.
        let rounded = Int64(seconds * 1000 + 0.5)
        return seconds > 0 ? max(1, rounded) : 0
    }

    private mutating func readChoice(
        _ value: JSONValue, _ choices: [SettingChoice], _ descriptor: SettingDescriptor
    ) -> SettingValue? {
        let number = value.integer
        let name = value.utf8
        let decimal = value.number
        for choice in choices {
            if choice.number == number || name?.elementsEqual(choice.name.utf8) == true
                || choice.decimal.map({ $0 == decimal }) == true
            {
                return .integer(choice.number)
            }
        }
        refuse(descriptor, value)
        return nil
    }

    private mutating func readText(_ value: JSONValue, by descriptor: SettingDescriptor) -> SettingValue? {
        switch descriptor.kind {
        case .file(let max):
            return readSecret(value, secrets, max, descriptor).map { .secret($0) }
        case .text(let max):
            if descriptor.isKeptSecret { return readSecret(value, secrets, max, descriptor).map { .secret($0) } }
            guard let text = value.utf8 else { break }
            return readBounded(text, max, descriptor).map { .text($0) }
        case .texts(let countMax, let bytesMax):
            if let text = value.utf8, !Self.holdsJSON(text) {
                return readList(TextList.elements(text, keptMax: countMax), countMax, bytesMax, descriptor)
            }
            guard let array = container(value, .array, descriptor) else { return nil }
            return readTexts(array, countMax, bytesMax, descriptor)
        case .urls(let countMax, let bytesMax):
            if let text = value.utf8, !Self.holdsJSON(text) {
                return readList(TextList.urls(text, keptMax: countMax), countMax, bytesMax, descriptor)
            }
            let isInText = value.kind != .array
            guard let array = container(value, .array, descriptor) else { return nil }
            return readServers(array, isInText: isInText, countMax, bytesMax, descriptor)
        case .pairs(let countMax, let bytesMax):
            if value.kind == .object { return readPairs(value, secrets, countMax, bytesMax, descriptor) }
            // The gateway's form has fields for texts only: one that holds an object.
            guard let (document, inner) = pairsInText(value) else { break }
            return readPairs(document.root, inner, countMax, bytesMax, descriptor)
        case .times(let countMax, let from, let to):
            guard let object = container(value, .object, descriptor) else { return nil }
            return readTimes(object, countMax, from...to, descriptor)
        case .heartbeat:
            guard let object = container(value, .object, descriptor) else { return nil }
            return readHeartbeat(object, descriptor)
        case .template(let bytesMax), .staticTags(let bytesMax): return readDocument(value, bytesMax, descriptor)
        case .boolean, .integer, .seconds, .choice: break
        }
        refuse(descriptor, value)
        return nil
    }

    mutating func readBounded(
        _ text: UnsafeRawBufferPointer, _ max: Int, _ descriptor: SettingDescriptor
    ) -> String? {
        isBounded(text, max, descriptor) ? String(decoding: text, as: UTF8.self) : nil
    }

    /// Before it is copied.
    private mutating func isBounded(
        _ text: UnsafeRawBufferPointer, _ max: Int, _ descriptor: SettingDescriptor
    ) -> Bool {
        if text.count > max {
            refuse(descriptor.key, "has \(text.count) bytes; it takes at most \(max)")
            return false
        }
        // C's functions would take the text only as far as that.
        if text.contains(0) {
            refuse(descriptor.key, "holds U+0000, which no setting may")
            return false
        }
        return true
    }

    private mutating func pairsInText(_ value: JSONValue) -> (JSONDocument, SettingsSecrets)? {
        guard let lying = value.utf8 else { return nil }
        do throws(JSONError) {
            let inner: SettingsSecrets
            if let text = secrets?.secret(for: lying) {
                inner = try text.withBytes { bytes throws(JSONError) in try SettingsSecrets(bytes, .members) }
            } else {
                inner = try SettingsSecrets(lying, .members)
            }
            let document = try inner.document.withBytes { bytes throws(JSONError) in
                try JSONDocument.parse(bytes, byteCountMax: 1 << 20)
            }
            return document.root.kind == .object ? (document, inner) : nil
        } catch {
            if error.isOutOfMemory { isOutOfMemory = true }
            return nil
        }
    }

    /// The array or object itself, or the one that a text holds: the gateway's form has fields for texts only.
    private mutating func container(
        _ value: JSONValue, _ kind: JSONValue.Kind, _ descriptor: SettingDescriptor
    ) -> JSONValue? {
        if value.kind == kind { return value }
        do throws(JSONError) {
            if let text = value.utf8 {
                let inner = try JSONDocument.parse(text, byteCountMax: 1 << 20)
                if inner.root.kind == kind { return inner.root }
            }
        } catch { if error.isOutOfMemory { isOutOfMemory = true } }
        refuse(descriptor, value)
        return nil
    }

    private static func holdsJSON(_ text: UnsafeRawBufferPointer) -> Bool {
        guard let first = text.first(where: { $0 > 0x20 }) else { return false }
        return first == UInt8(ascii: "[") || first == UInt8(ascii: "{")
    }

    /// What a field for text holds: several texts in one.
    private mutating func readList(
        _ list: TextList, _ countMax: Int, _ bytesMax: Int, _ descriptor: SettingDescriptor
    ) -> SettingValue? {
        if list.count > countMax {
            refuse(descriptor.key, "has \(list.count) elements; it takes at most \(countMax)")
            return nil
        }
        var texts: [String] = []
        for element in list.elements {
            guard let text = readBounded(element, bytesMax, descriptor) else { return nil }
            texts.append(text)
        }
        return texts.isEmpty ? nil : .texts(texts)
    }

    private mutating func readTexts(
        _ array: JSONValue, _ countMax: Int, _ bytesMax: Int, _ descriptor: SettingDescriptor
    ) -> SettingValue? {
        if array.count > countMax {
            refuse(descriptor.key, "has \(array.count) elements; it takes at most \(countMax)")
            return nil
        }
        var texts: [String] = []
        for index in 0..<array.count {
            guard let element = array[index] else { continue }
            guard let text = element.utf8 else {
                refuse(descriptor, element, "at \(index) ")
                return nil
            }
            guard let bounded = readBounded(text, bytesMax, descriptor) else { return nil }
            texts.append(bounded)
        }
        return texts.isEmpty ? nil : .texts(texts)
    }

    /// A text's bytes, from where it was put when the document was read; nil: it was refused.
    mutating func readSecret(
        _ value: JSONValue, _ secrets: SettingsSecrets?, _ max: Int, _ descriptor: SettingDescriptor,
        _ place: String = ""
    ) -> SecretBytes? {
        guard let text = value.utf8 else {
            refuse(descriptor, value, place)
            return nil
        }
        if let secret = secrets?.secret(for: text) {
            return secret.withBytes { isBounded($0, max, descriptor) } ? secret : nil
        }
        guard isBounded(text, max, descriptor) else { return nil }
        return copied(text)
    }

    /// In memory that can be refused: a file's text may have a megabyte.
    private mutating func copied(_ text: UnsafeRawBufferPointer) -> SecretBytes? {
        let copy = SecretBytes(capacity: text.count, memory: .heap) { room in
            room.copyMemory(from: text)
            return text.count
        }
        if copy == nil { isOutOfMemory = true }
        return copy
    }

    mutating func readPairs(
        _ object: JSONValue, _ secrets: SettingsSecrets?, _ countMax: Int, _ bytesMax: Int,
        _ descriptor: SettingDescriptor
    ) -> SettingValue? {
        if object.count > countMax {
            refuse(descriptor.key, "has \(object.count) members; it takes at most \(countMax)")
            return nil
        }
        var pairs: [NamedText] = []
        var isRefused = false
        object.forEachMember { name, value in
            guard
                let text = readSecret(
                    value, secrets, bytesMax, descriptor, "at \"\(Self.shown(name))\" ")
            else {
                isRefused = true
                return false
            }
            pairs.append(NamedText(name: name, text: text))
            return true
        }
        return isRefused || pairs.isEmpty ? nil : .pairs(pairs)
    }

    private mutating func readDocument(
        _ value: JSONValue, _ bytesMax: Int, _ descriptor: SettingDescriptor
    ) -> SettingValue? {
        do throws(EncodingError) {
            let text = try JSONText.compact(value)
            if text.count > bytesMax {
                refuse(descriptor.key, "has \(text.count) bytes; it takes at most \(bytesMax)")
                return nil
            }
            if case .template = descriptor.kind {
                template = try CustomTemplate.parse(value)
            } else {
                guard value.kind == .object || value.kind == .string else {
                    refuse(descriptor, value)
                    return nil
                }
                staticTags = try StaticTags.parse(value)
            }
            return text.withBytes { copied($0) }.map { .document($0) }
        } catch {
            if error == .noMemory { isOutOfMemory = true }
            refuse(descriptor.key, "cannot be used: \(error.text)")
            return nil
        }
    }
}
