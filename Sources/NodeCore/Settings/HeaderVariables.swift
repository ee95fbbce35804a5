// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// `${name}` in a header's value: the value of the setting of that name. What is not quite that is a text like any
/// other.
enum HeaderVariables {
    struct Unknown: Error, Equatable { let name: String }

    /// - Parameter lookup: the setting's value; nil: there is none.
    static func expand(_ value: SecretBytes, _ lookup: (String) -> SecretBytes?) -> Result<SecretBytes, Unknown> {
        var result: SecretBytes?
        var unknown: String?
        // What is between the names, and what they stand for, in turn.
        func append(_ part: SecretBytes) { result = result.map { SecretBytes.joined($0, part) } ?? part }
        value.withBytes { bytes in
            var start = 0
            var index = 0
            while index + 1 < bytes.count {
                guard bytes[index] == UInt8(ascii: "$"), bytes[index + 1] == UInt8(ascii: "{"),
                    let end = nameEnd(bytes, from: index + 2)
                else {
                    index += 1
                    continue
                }
                let name = String(decoding: bytes[(index + 2)..<end], as: UTF8.self)
                guard let part = lookup(name) else {
                    unknown = unknown ?? name
                    return
                }
                append(SecretBytes(UnsafeRawBufferPointer(rebasing: bytes[start..<index])))
                append(part)
                index = end + 1
                start = index
            }
            if result != nil { append(SecretBytes(UnsafeRawBufferPointer(rebasing: bytes[start...]))) }
        }
        if let unknown { return .failure(Unknown(name: unknown)) }
        return .success(result ?? value)
    }

    /// Where the brace is that ends a name of at least a letter; nil: there is none.
    private static func nameEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var index = start
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "}"): return index > start ? index : nil
            case 0x61...0x7A, 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "_"): index += 1
            default: return nil
            }
        }
        return nil
    }
}
