// SPDX-License-Identifier: Apache-2.0
public import CNeuronWS
import NodeCore
import WebSocketCore

public typealias RemarkCallback = @convention(c) (UnsafePointer<CChar>?, UnsafeMutableRawPointer?) -> Void

@c @implementation
public func neuron_ws_settings_from_oda(
    _ text: UnsafePointer<CChar>?, _ text_length: Int, _ file: neuron_ws_oda_file_t,
    _ settings_json: UnsafePointer<CChar>?, _ on_remark: RemarkCallback?, _ context: UnsafeMutableRawPointer?,
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int, _ length: UnsafeMutablePointer<Int>?
) -> neuron_ws_status_t {
    guard let text else { return failedNull("text") }
    if let refusal = refusedRoom(buffer, size, length) { return refusal }
    // SIZE_MAX, as Swift sees it.
    guard text_length >= 0 || text_length == -1 else {
        return failed(.NEURON_WS_INVALID_ARGUMENT, "`text_length` is larger than any memory")
    }
    guard let kind = ODASettings.File(rawValue: file.rawValue) else {
        return failed(.NEURON_WS_INVALID_ARGUMENT, "`file` is \(file.rawValue), which is none")
    }
    let bytes =
        text_length == -1
        ? boundedText(text, bytesMax: ODASettings.fileBytesMax)
        : UnsafeRawBufferPointer(start: text, count: text_length)
    let earlier = settings_json.map { boundedText($0, bytesMax: NodeSettings.documentBytesMax) }
    let document: SecretBytes
    do throws(ODASettings.Fault) {
        document = try ODASettings.document(bytes, kind, earlier: earlier) { remark in
            remark.withCString { on_remark?($0, context) }
        }
    } catch {
        return error.isOutOfMemory ? failed(NodeError.noMemory) : failed(.NEURON_WS_INVALID_SETTINGS, error.text)
    }
    return document.withBytes { copyOut($0, buffer, size, length) }
}
