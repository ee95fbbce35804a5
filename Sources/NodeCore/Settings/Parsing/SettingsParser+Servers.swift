// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

extension SettingsParser {
    /// URLs, each as a text, or as an object that has credentials of its own.
    mutating func readServers(
        _ array: JSONValue, isInText: Bool, _ countMax: Int, _ bytesMax: Int, _ descriptor: SettingDescriptor
    ) -> SettingValue? {
        if array.count > countMax {
            refuse(descriptor.key, "has \(array.count) elements; it takes at most \(countMax)")
            return nil
        }
        var texts: [String] = []
        var accesses: [ServerAccess] = []
        for index in 0..<array.count {
            guard let element = array[index] else { continue }
            var access = ServerAccess.none
            var text: String?
            if element.kind != .object {
                text = readURL(element, bytesMax, descriptor, "at \(index) ")
            } else if isInText {
                refuse(
                    descriptor.key,
                    "at \(index) is an object in a text, where its credentials would not be kept secret; give the "
                        + "array itself, not a text that holds it")
            } else {
                text = readServer(element, &access, bytesMax, descriptor, "at \(index) ")
            }
            guard let text else { return nil }
            texts.append(text)
            accesses.append(access)
        }
        self.accesses = accesses
        return texts.isEmpty ? nil : .texts(texts)
    }

    private mutating func readURL(
        _ value: JSONValue, _ bytesMax: Int, _ descriptor: SettingDescriptor, _ place: String
    ) -> String? {
        guard let text = value.utf8 else {
            refuse(descriptor, value, place)
            return nil
        }
        return readBounded(text, bytesMax, descriptor)
    }

    private mutating func readServer(
        _ object: JSONValue, _ access: inout ServerAccess, _ bytesMax: Int, _ descriptor: SettingDescriptor,
        _ place: String
    ) -> String? {
        var url: String?
        var read = ServerAccess.none
        var isRefused = false
        var saysPassword = false
        object.forEachMember { name, value in
            let count = problems.count
            switch SettingKey(rawValue: name) {
            case .url: url = readURL(value, bytesMax, descriptor, place)
            case .username: read.username = readPart(value, .username, place)
            case .password:
                saysPassword = true
                read.password = readSecretPart(value, .password, place)
            case .token: read.token = readSecretPart(value, .token, place)
            case .headers: read.headers = readHeaders(value, place)
            default:
                refuse(
                    descriptor.key,
                    "\(place)holds \"\(Self.shown(name))\"; a URL's object takes url, username, password, token and "
                        + "headers")
            }
            isRefused = isRefused || problems.count > count
            return true
        }
        if read.username != nil, read.token == nil, !saysPassword {
            refuse(
                descriptor.key,
                "\(place)holds \"username\" without \"password\", and the one of the settings is not for it; give "
                    + "\"password\", \"\" where there is none")
            isRefused = true
        }
        if isRefused {
            isServerRefused = true
            return nil
        }
        guard let url else {
            refuse(descriptor.key, "\(place)is an object without \"url\"")
            return nil
        }
        access = read
        return url
    }

    private func part(_ key: SettingKey) -> SettingDescriptor? {
        SettingsTable.index(named: key.rawValue).map { SettingsTable.descriptors[$0] }
    }

    private mutating func readPart(_ value: JSONValue, _ key: SettingKey, _ place: String) -> String? {
        guard let descriptor = part(key), case .text(let max) = descriptor.kind else { return nil }
        guard let text = value.utf8 else {
            refuse(descriptor, value, place)
            return nil
        }
        return text.isEmpty ? nil : readBounded(text, max, descriptor)
    }

    private mutating func readSecretPart(_ value: JSONValue, _ key: SettingKey, _ place: String) -> SecretBytes? {
        guard let descriptor = part(key), case .text(let max) = descriptor.kind else { return nil }
        let secret = readSecret(value, secrets, max, descriptor, place)
        return secret?.isEmpty == true ? nil : secret
    }

    private mutating func readHeaders(_ value: JSONValue, _ place: String) -> [NamedText] {
        guard let descriptor = part(.headers), case .pairs(let count, let max) = descriptor.kind else { return [] }
        guard value.kind == .object else {
            refuse(descriptor, value, place)
            return []
        }
        guard case .pairs(let pairs) = readPairs(value, secrets, count, max, descriptor) else { return [] }
        return pairs
    }

    /// The value of a setting that has a text or a number, for a header's `${…}`; nil: there is none.
    func variable(_ name: String) -> SecretBytes? {
        guard let index = SettingsTable.index(named: name) else { return nil }
        let descriptor = SettingsTable.descriptors[index]
        switch (descriptor.kind, effective(descriptor.key)) {
        case (.text, .text(let text)): return SecretBytes(text)
        case (.text, .secret(let secret)): return secret
        case (.integer, .integer(let number)): return SecretBytes("\(number)")
        case (.choice(let choices), .integer(let number)):
            return choices.first { $0.number == number }.map { SecretBytes($0.name) }
        default: return nil
        }
    }
}
