// SPDX-License-Identifier: Apache-2.0
/// Messages that say which they are.
enum Message {
    /// - Parameter isObject: as JSON, in which a number has a place.
    static func make(id: UInt64, byteCount: Int, isObject: Bool = false) -> [UInt8] {
        var bytes = Array("\(id):".utf8)
        let letter = UInt8(97 + id % 26)
        while bytes.count < byteCount { bytes.append(letter) }
        return isObject ? Array("{\"m\":\"".utf8) + bytes + Array("\"}".utf8) : bytes
    }

    /// nil: not as a whole one of ours, with another's number, or with that of another stream.
    static func id(of bytes: [UInt8]) -> UInt64? {
        guard bytes.first == UInt8(ascii: "{") else { return plain(bytes) }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let start = text.range(of: "\"m\":\""), text.hasSuffix("\"}") else { return nil }
        let head = String(text[..<start])
        guard let id = plain(Array(text.utf8.dropFirst(head.utf8.count + 5).dropLast(2))) else { return nil }
        let number = "\"seq\":\(id),\"stream\":\"fedcba9876543210\","
        return head == "{" + number || head == "{\"resent\":true," + number ? id : nil
    }

    /// It says that it may have come before.
    static func isMarked(_ bytes: [UInt8]) -> Bool { bytes.starts(with: Array("{\"resent\":true,".utf8)) }

    private static func plain(_ bytes: [UInt8]) -> UInt64? {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            let id = UInt64(String(decoding: bytes[..<colon], as: UTF8.self))
        else { return nil }
        let letter = UInt8(97 + id % 26)
        return bytes[(colon + 1)...].allSatisfy { $0 == letter } ? id : nil
    }
}

extension String {
    /// Where `text` begins.
    fileprivate func range(of text: String) -> String.Index? {
        var index = startIndex
        while index < endIndex {
            if self[index...].hasPrefix(text) { return index }
            index = self.index(after: index)
        }
        return nil
    }
}
