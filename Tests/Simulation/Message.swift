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
        guard let (head, id) = parts(of: bytes) else { return nil }
        if head.isEmpty { return id }
        let number = "\"seq\":\(id),\"stream\":\"fedcba9876543210\","
        return head.elementsEqual(("{" + number).utf8) || head.elementsEqual(("{\"resent\":true," + number).utf8)
            ? id : nil
    }

    /// The same, whatever number it has.
    static func content(of bytes: [UInt8]) -> UInt64? { parts(of: bytes)?.id }

    /// What stands in front of it as JSON, and which it is.
    private static func parts(of bytes: [UInt8]) -> (head: ArraySlice<UInt8>, id: UInt64)? {
        guard bytes.first == UInt8(ascii: "{") else { return plain(bytes[...]).map { ([], $0) } }
        let name = Array("\"m\":\"".utf8)
        var start = 0
        while start + name.count < bytes.count, !bytes[start...].starts(with: name) { start += 1 }
        guard bytes.suffix(2).elementsEqual("\"}".utf8), start + name.count + 2 < bytes.count else { return nil }
        return plain(bytes[(start + name.count)..<(bytes.count - 2)]).map { (bytes[..<start], $0) }
    }

    /// It says that it may have come before.
    static func isMarked(_ bytes: [UInt8]) -> Bool { bytes.starts(with: Array("{\"resent\":true,".utf8)) }

    /// The number that it bears; 0: none.
    static func sequence(of bytes: [UInt8]) -> UInt64 {
        let head = Array(isMarked(bytes) ? "{\"resent\":true,\"seq\":".utf8 : "{\"seq\":".utf8)
        guard bytes.starts(with: head) else { return 0 }
        let digits = bytes.dropFirst(head.count).prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        return UInt64(String(decoding: digits, as: UTF8.self)) ?? 0
    }

    private static func plain(_ bytes: ArraySlice<UInt8>) -> UInt64? {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            let id = UInt64(String(decoding: bytes[..<colon], as: UTF8.self))
        else { return nil }
        let letter = UInt8(97 + id % 26)
        return bytes[(colon + 1)...].allSatisfy { $0 == letter } ? id : nil
    }
}
