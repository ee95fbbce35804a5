/// The answers that the library gives by itself.
public enum RequestAnswer {
    /// `{"uuid":…,"error":code,"reason":"…"}`; `uuid` is JSON, as it stood in the request.
    public static func encode(uuid: [UInt8], error: Int64, reason: String) -> [UInt8] {
        var text = Array("{\"uuid\":".utf8)
        text += uuid
        text += Array(",\"error\":\(error),\"reason\":".utf8)
        JSONText.appendString(reason, to: &text)
        text.append(UInt8(ascii: "}"))
        return text
    }
}
