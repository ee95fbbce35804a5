// SPDX-License-Identifier: Apache-2.0
/// `neuron-ws cache export`: each message as a line of JSON.
extension CacheJob {
    func export() -> ExitStatus {
        let parts = arguments.has("--poisoned") ? Caches.poisoned : Caches.waiting
        return forEach { cache throws(LibraryError) in
            let head = Array("{\"node\":\(JSONText.quoted(cache.node)),\"time\":".utf8)
            try Caches.read(directory, cache.node, parts) { message in
                var line = head
                Self.append(message, to: &line)
                line.withUnsafeBytes { Output.standard.write(bytes: $0) }
            }
            Output.standard.flush()
        }
    }

    private static func append(_ message: CachedMessage, to line: inout [UInt8]) {
        line += String(message.time).utf8
        if message.isPoisoned {
            line += ",\"close-code\":\(message.closeCode),\"close-reason\":\(JSONText.quoted(message.closeReason))".utf8
        }
        if !message.isText {
            line += ",\"base64\":\"".utf8
            appendBase64(message.bytes, to: &line)
            line += "\"".utf8
        } else if (try? JSON.parse(message.bytes)) != nil {
            line += ",\"message\":".utf8
            // As it is, digits of numbers included; ends of lines are blanks there.
            line += JSONText.harmless(message.bytes.map { $0 == 10 || $0 == 13 ? 32 : $0 })
        } else {
            line += ",\"text\":".utf8
            JSONText.appendQuoted(message.bytes, to: &line)
        }
        line += "}\n".utf8
    }

    /// RFC 4648 §4.
    static func appendBase64(_ bytes: UnsafeRawBufferPointer, to line: inout [UInt8]) {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var at = 0
        while at < bytes.count {
            let count = min(3, bytes.count - at)
            var group = 0
            for index in 0..<3 { group = group << 8 | (index < count ? Int(bytes[at + index]) : 0) }
            for place in 0..<4 {
                line.append(place <= count ? letters[group >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
            }
            at += 3
        }
    }
}
