// What jansson itself says, for comparison.
import CJansson

enum Jansson {
    enum Verdict { case document, noDocument, tooLargeNumber }

    static func verdict(_ bytes: UnsafeRawBufferPointer) -> Verdict {
        var error = json_error_t()
        let flags = Int(JSON_DECODE_ANY | JSON_ALLOW_NUL)
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return .noDocument }
        guard let root = json_loadb(base.assumingMemoryBound(to: CChar.self), bytes.count, flags, &error) else {
            let code = neuron_ws_json_error_code(&error)
            return code == Int32(json_error_numeric_overflow.rawValue) ? .tooLargeNumber : .noDocument
        }
        neuron_ws_json_decref(root)
        return .document
    }
}
