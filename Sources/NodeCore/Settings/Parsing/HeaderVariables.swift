// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// `${name}` in a header's value: the value of the setting of that name. What is not quite that is a text like any
/// other, but for what somebody has mistaken: a setting's name without its brace, in capitals or between blanks, or no
/// name at all.
enum HeaderVariables {
    struct Unknown: Error, Equatable {
        enum Kind { case unknown, unclosed, misspelled }

        let name: String
        var kind = Kind.unknown
    }

    /// What stands between the braces that begin at `start`, behind `${`, where it is empty or would be a name if it
    /// were written in small letters and without blanks; nil: it is something else.
    static func misspelled(_ bytes: UnsafeRawBufferPointer, from start: Int, _ isName: (String) -> Bool) -> String? {
        guard let end = bytes[start...].prefix(Self.nameBytesMax).firstIndex(of: UInt8(ascii: "}")) else { return nil }
        let between = bytes[start..<end]
        let name = String(
            decoding: between.filter { !JSONScan.isBlank($0) }.map { ASCII.lowercased($0) }, as: UTF8.self)
        guard name.isEmpty || isName(name) else { return nil }
        return String(decoding: between, as: UTF8.self)
    }

    private static let nameBytesMax = 64

    /// - Parameter lookup: the setting's value; nil: there is none.
    static func expand(_ value: SecretBytes, _ lookup: (String) -> SecretBytes?) -> Result<SecretBytes, Unknown> {
        var result: SecretBytes?
        var unknown: Unknown?
        // What is between the names, and what they stand for, in turn.
        func append(_ part: SecretBytes) { result = result.map { SecretBytes.joined($0, part) } ?? part }
        value.withBytes { bytes in
            var start = 0
            var index = 0
            while index + 1 < bytes.count {
                guard bytes[index] == UInt8(ascii: "$"), bytes[index + 1] == UInt8(ascii: "{") else {
                    index += 1
                    continue
                }
                guard let end = nameEnd(bytes, from: index + 2) else {
                    let name = bytes[(index + 2)...].prefix { isOfName($0) }
                    let text = String(decoding: name, as: UTF8.self)
                    if unknown == nil, SettingKey(rawValue: text) != nil {
                        unknown = Unknown(name: text, kind: .unclosed)
                    }
                    if unknown == nil,
                        let text = misspelled(bytes, from: index + 2, { SettingKey(rawValue: $0) != nil })
                    {
                        unknown = Unknown(name: text, kind: .misspelled)
                    }
                    if unknown != nil { return }
                    index += 1
                    continue
                }
                let name = String(decoding: bytes[(index + 2)..<end], as: UTF8.self)
                guard let part = lookup(name) else {
                    unknown = unknown ?? Unknown(name: name)
                    return
                }
                append(SecretBytes(UnsafeRawBufferPointer(rebasing: bytes[start..<index])))
                append(part)
                index = end + 1
                start = index
            }
            if result != nil { append(SecretBytes(UnsafeRawBufferPointer(rebasing: bytes[start...]))) }
        }
        if let unknown { return .failure(unknown) }
        return .success(result ?? value)
    }

    /// Where the brace is that ends a name of at least a letter; nil: there is none.
    private static func nameEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var index = start
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "}") { return index > start ? index : nil }
            guard isOfName(bytes[index]) else { return nil }
            index += 1
        }
        return nil
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        ASCII.isSmallLetter(byte) || ASCII.isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }
}
