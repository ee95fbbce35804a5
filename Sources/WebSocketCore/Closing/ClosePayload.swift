// SPDX-License-Identifier: Apache-2.0
/// The payload of a Close frame: nothing, or a code and a reason (RFC 6455 §5.5.1).
enum ClosePayload {
    static func decode(
        _ payload: ControlPayload
    ) throws(ProtocolError) -> (code: CloseCode?, reason: ControlPayload) {
        let reason = ControlPayload()
        guard !payload.isEmpty else { return (nil, reason) }
        // RFC 6455 §5.5.1: if there is a body, its first two bytes are the code.
        guard payload.count >= 2 else { throw .invalidCloseFrame }
        let code = payload.withBytes { CloseCode(rawValue: UInt16($0.byte(at: 0)) << 8 | UInt16($0.byte(at: 1))) }
        guard code.isAllowedOnWire else { throw .invalidCloseCode }
        let text = payload.withBytes { bytes -> ControlPayload? in
            let rest = bytes.extracting(2..<bytes.byteCount)
            return isUTF8(rest) ? ControlPayload(rest) : nil
        }
        guard let text else { throw .invalidCloseReason }
        return (code, text)
    }

    /// - Parameters:
    ///   - code: nil, or one that must not be sent, gives an empty payload: a reason cannot stand without a code.
    ///   - reason: cut to 123 bytes at a character; left out if it is not UTF-8, which a peer would have to refuse.
    static func encode(_ code: CloseCode?, reason: ControlPayload) -> ControlPayload {
        var payload = ControlPayload()
        guard let code, code.isAllowedOnWire else { return payload }
        payload.append(UInt8(code.rawValue >> 8))
        payload.append(UInt8(code.rawValue & 0xFF))
        reason.withBytes { bytes in
            var count = min(bytes.byteCount, ControlPayload.reasonBytesMax)
            // A cut inside a character takes at most its first three bytes away.
            while count < bytes.byteCount, count > 0, bytes.byte(at: count) & 0xC0 == 0x80 { count -= 1 }
            let kept = bytes.extracting(0..<count)
            if isUTF8(kept) { payload.append(kept) }
        }
        return payload
    }

    private static func isUTF8(_ bytes: RawSpan) -> Bool {
        var validator = UTF8Validator()
        return validator.feed(bytes) && validator.isComplete
    }
}
