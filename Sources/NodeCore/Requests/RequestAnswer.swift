// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// The answers that the library gives by itself, and what it understands of the host's.
public enum RequestAnswer {
    /// The code of an answer `{"uuid":…,"error":code}`; nil where it has none.
    public static func error(in json: UnsafeRawBufferPointer) -> Int64? {
        let start = JSONScan.skipBlanks(json, from: 0)
        guard start < json.count, json[start] == UInt8(ascii: "{") else { return nil }
        guard let error = RequestOutline(json, from: start)[.error], error.count <= 18 else { return nil }
        let isNegative = error.first == UInt8(ascii: "-")
        guard let value = ASCII.decimal(isNegative ? error[1...] : error[...]) else { return nil }
        return isNegative ? -Int64(value) : Int64(value)
    }

    /// That a request failed, in the form that its server expects.
    public static func failure(_ echo: RequestEcho, error: Int64, reason: String) -> [UInt8] {
        if echo.operation != nil { return OperationAnswer.failure(echo, error: error, reason: reason) }
        return encode(uuid: echo.id, error: error, reason: reason)
    }

    /// `{"uuid":…,"error":code,"reason":"…"}`; `uuid` is JSON, as it stood in the request.
    static func encode(uuid: [UInt8], error: Int64, reason: String) -> [UInt8] {
        var text = Array("{\"uuid\":".utf8)
        text += uuid
        text += Array(",\"error\":\(error),\"reason\":".utf8)
        JSONText.appendString(reason, to: &text)
        text.append(UInt8(ascii: "}"))
        return text
    }
}
