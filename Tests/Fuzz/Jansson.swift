// SPDX-License-Identifier: Apache-2.0
// What jansson itself says, for comparison.
import CJansson
import NodeCore

enum Jansson {
    enum Verdict { case document, noDocument, beyondJansson }

    static func verdict(_ bytes: UnsafeRawBufferPointer) -> Verdict {
        var error = json_error_t()
        let flags = Int(JSON_DECODE_ANY | JSON_ALLOW_NUL)
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return .noDocument }
        guard let root = json_loadb(base.assumingMemoryBound(to: CChar.self), bytes.count, flags, &error) else {
            // JSON by RFC 8259, but more than jansson takes: integers from 2^63 on, U+0000 in a member's name.
            let code = UInt32(bitPattern: neuron_ws_json_error_code(&error))
            let isBeyond =
                code == json_error_numeric_overflow.rawValue || code == json_error_null_byte_in_key.rawValue
            return isBeyond ? .beyondJansson : .noDocument
        }
        neuron_ws_json_decref(root)
        return .document
    }

    /// Of what came in, where a byte order mark, which jansson refuses, may stand before the document (RFC 8259 §8.1).
    static func verdict(ofInput bytes: UnsafeRawBufferPointer) -> Verdict { verdict(ByteOrderMark.skipped(bytes)) }
}
