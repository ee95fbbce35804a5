// SPDX-License-Identifier: Apache-2.0
public import CNeuronWS
import NodeCore
import WebSocketCore

public typealias FaultCallback =
    @convention(c) (UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafeMutableRawPointer?) -> Void

private let schemaBytes = SettingsSchema.json()
private let schemaText = ConstantText(copying: String(decoding: schemaBytes, as: UTF8.self))

@c @implementation
public func neuron_ws_settings_schema(
    _ json: UnsafeMutablePointer<UnsafePointer<CChar>?>?, _ length: UnsafeMutablePointer<Int>?
) -> neuron_ws_status_t {
    guard let json else { return failedNull("json") }
    guard let length else { return failedNull("length") }
    json.pointee = schemaText.pointer
    length.pointee = schemaBytes.count
    return .NEURON_WS_OK
}

@c @implementation
public func neuron_ws_settings_check(
    _ json: UnsafePointer<CChar>?, _ length: Int, _ on_fault: FaultCallback?, _ context: UnsafeMutableRawPointer?
) -> neuron_ws_status_t {
    guard let json else { return failedNull("json") }
    // SIZE_MAX, as Swift sees it.
    let isTerminated = length == -1
    guard isTerminated || length >= 0 else {
        return failed(.NEURON_WS_INVALID_ARGUMENT, "`length` is larger than any memory")
    }
    let document =
        isTerminated
        ? boundedText(json, bytesMax: NodeSettings.documentBytesMax)
        : UnsafeRawBufferPointer(start: json, count: length)
    let faults: [SettingsError]
    do throws(NodeError) { faults = try Configuration.faults(document) } catch { return failed(error) }
    guard let error = SettingsError.joined(faults) else { return .NEURON_WS_OK }
    if let on_fault {
        for fault in SettingsError.told(faults) {
            // A key that is none of ours is as foreign as any text.
            let key = ForeignText(fault.key).shown(charactersMax: 64)
            key.withCString { key in fault.text.withCString { text in on_fault(key, text, context) } }
        }
    }
    return failed(.NEURON_WS_INVALID_SETTINGS, error.text)
}
