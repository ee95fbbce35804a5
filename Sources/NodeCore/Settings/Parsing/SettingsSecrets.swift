// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// The secrets of a settings document, taken out of it before jansson reads it: jansson copies texts into memory that
/// it frees as it is, and its allocator belongs to the whole process.
///
/// In the document their places are held by short texts, and white space behind them keeps lines and columns for error
/// texts. A text shorter than such a place is left where it is: it would give nothing away.
struct SettingsSecrets {
    /// What jansson may read.
    let document: SecretBytes
    private var secrets: [SecretBytes] = []

    /// Two digits of this base name a secret: more than a document can hold are never taken out.
    private static let base = 36
    private static let placeBytes = 3
    private static let marker = UInt8(ascii: "~")
    static let countMax = base * base

    /// What is taken out of where.
    enum Scope {
        /// All that the table calls secret, of the root or of "params" in it.
        case settings
        /// Every text that is a member of the root: an object of headers.
        case members
    }

    /// Throws where there is no memory.
    init(_ bytes: UnsafeRawBufferPointer, _ scope: Scope) throws(JSONError) {
        var found: [SecretBytes] = []
        var isOutOfMemory = false
        // At most as long as it was: each place is shorter than what it stands for.
        let document = SecretBytes(capacity: bytes.count, memory: .heap) { room in
            room.copyMemory(from: bytes)
            var scanner = SettingsSecretScanner(room, scope)
            while let range = scanner.next() {
                if range.count < Self.placeBytes || found.count == Self.countMax { continue }
                let raw = UnsafeRawBufferPointer(rebasing: room[range])
                guard let secret = JSONTextDecoder.decode(raw, isOutOfMemory: &isOutOfMemory) else { continue }
                SecretBytes.wipe(UnsafeMutableRawBufferPointer(rebasing: room[range]))
                Self.put(found.count, into: room, range)
                found.append(secret)
            }
            return bytes.count
        }
        guard let document, !isOutOfMemory else { throw .noMemory }
        self.document = document
        secrets = found
    }

    /// The secret whose place is held by this text; nil: the text stands for itself.
    func secret(for text: UnsafeRawBufferPointer) -> SecretBytes? {
        guard text.count == Self.placeBytes, text[0] == Self.marker, let high = Self.digit(text[1]),
            let low = Self.digit(text[2]), high * Self.base + low < secrets.count
        else { return nil }
        return secrets[high * Self.base + low]
    }

    /// `~a0"` and white space, in place of the text and its closing quote.
    private static func put(_ number: Int, into room: UnsafeMutableRawBufferPointer, _ range: Range<Int>) {
        for index in range.lowerBound...range.upperBound { room[index] = 0x20 }
        room[range.lowerBound] = marker
        room[range.lowerBound + 1] = character(number / base)
        room[range.lowerBound + 2] = character(number % base)
        room[range.lowerBound + 3] = UInt8(ascii: "\"")
    }

    private static func character(_ digit: Int) -> UInt8 {
        ASCII.hexDigit(of: UInt8(digit))
    }

    private static func digit(_ byte: UInt8) -> Int? {
        ASCII.isSmallLetter(byte) ? Int(byte - UInt8(ascii: "a")) + 10 : ASCII.digit(byte).map { Int($0) }
    }
}
