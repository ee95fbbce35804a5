// SPDX-License-Identifier: Apache-2.0
/// Prints what the Embedded build's own interpolation and decoding come to; test_embedded_texts.py
/// knows what that has to be.
@main
struct Texts {
    static func main() {
        let texts = ["", "a", "fifteen bytes..", "sixteen bytes ..", "é", "München", "🦆🦆🦆🦆🦆"]
        for text in texts {
            for more in texts {
                var longer = text
                longer += more
                longer.append(text)
                print("<\(text)|\(more)>\(longer)")
            }
        }
        let fixed: StaticString = "fixed"
        print("\(fixed), \(fixed)")
        print("\(Int.min) \(0) \(Int.max) \(Int64.min) \(UInt64.max) \(UInt.max)")
        print("\(Int32.min) \(UInt32.max) \(UInt16.max) \(UInt8.max) \(Int8.min) \(true)")
        let spoilt: [UInt8] = [0x61, 0xC3, 0x28, 0xF0, 0x9F, 0xA6]
        for bytes in texts.map({ Array($0.utf8) }) + [spoilt, [0xFF], [0xE2, 0x82]] {
            print(String(decoding: bytes, as: UTF8.self))
            print(String(decoding: ([0x3E] + bytes)[1...], as: UTF8.self))
            print(bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
        }
    }
}
