// SPDX-License-Identifier: Apache-2.0
import LoopbackServer

/// The JSON texts that pages are sent.
enum LiveText {
    /// What a page has to know before anything else.
    static func hello(version: String, url: String, settings: [UInt8], unixMilliseconds: Int64) -> [UInt8] {
        let codes = JSON.object()
        for code in GatewayCodes.all { codes.set("\(code.number)", code.meaning) }
        let object = typed("hello")
        object.set("version", version)
        object.set("url", url)
        object.set("settings", String(decoding: settings, as: UTF8.self))
        object.set("codes", codes)
        object.set("now", JSON.integer(unixMilliseconds))
        return object.compactText
    }

    /// A gateway's connection as it is now.
    static func connection(_ connection: LiveHub.Connection, closed: LiveHub.Closing? = nil) -> [UInt8] {
        let object = typed("connection")
        object.set("id", JSON.integer(Int64(connection.number)))
        object.set("phase", closed == nil ? "open" : "closed")
        object.set("address", connection.address)
        object.set("path", connection.path)
        object.set("subprotocol", connection.subprotocol)
        // The server accepts none.
        object.set("compression", "off")
        object.set("at", JSON.integer(closed?.unixMilliseconds ?? connection.unixMilliseconds))
        if let closed {
            object.set("code", JSON.integer(Int64(closed.code)))
            object.set("reason", closed.reason)
        }
        return object.compactText
    }

    static func skipped(_ count: Int) -> [UInt8] { Array("{\"type\":\"skipped\",\"count\":\(count)}".utf8) }

    /// - Parameter until: nil: it is plugged in.
    static func plug(until: Int64?) -> [UInt8] {
        let text = until.map { "{\"type\":\"unplugged\",\"until\":\($0)}" } ?? "{\"type\":\"plugged\"}"
        return Array(text.utf8)
    }

    static func sent(_ id: Int64, _ connections: [Int]) -> [UInt8] {
        let list = connections.map(String.init).joined(separator: ",")
        return Array("{\"type\":\"sent\",\"id\":\(id),\"connections\":[\(list)]}".utf8)
    }

    static func failed(_ id: Int64, _ why: String) -> [UInt8] {
        let object = typed("failed")
        object.set("id", JSON.integer(id))
        object.set("why", why)
        return object.compactText
    }

    static func error(_ why: String) -> [UInt8] {
        let object = typed("error")
        object.set("why", why)
        return object.compactText
    }

    private static func typed(_ type: String) -> JSON {
        let object = JSON.object()
        object.set("type", type)
        return object
    }

    /// Messages of gateways, gathered.
    struct Batch {
        private(set) var bytes = Array("{\"type\":\"messages\",\"list\":[".utf8)
        private var isEmpty = true

        mutating func append(_ message: PageQueue.Message) {
            if !isEmpty { bytes.append(UInt8(ascii: ",")) }
            isEmpty = false
            let kind = message.isText ? "text" : "binary"
            bytes += "{\"connection\":\(message.connection),\"at\":\(message.unixMilliseconds),".utf8
            bytes += "\"kind\":\"\(kind)\",\"bytes\":\(message.byteCount),".utf8
            if let content = message.bytes {
                bytes += (message.isText ? "\"text\":" : "\"base64\":\"").utf8
                if message.isText {
                    content.withUnsafeBytes { JSONText.appendQuoted($0, to: &bytes) }
                } else {
                    bytes += Base64Text.encode(content).utf8
                    bytes.append(UInt8(ascii: "\""))
                }
            } else {
                bytes += "\"left_out\":true".utf8
            }
            bytes.append(UInt8(ascii: "}"))
        }

        consuming func finished() -> [UInt8] {
            bytes += "]}".utf8
            return bytes
        }
    }
}
