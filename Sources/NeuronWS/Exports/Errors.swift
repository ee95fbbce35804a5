// SPDX-License-Identifier: Apache-2.0
public import CNeuronWS

private let emptyText = ConstantText("")

@c @implementation
public func neuron_ws_last_error() -> UnsafePointer<CChar>? { ThreadText.lastError.current ?? emptyText.pointer }

@c @implementation
public func neuron_ws_status_name(_ status: neuron_ws_status_t) -> UnsafePointer<CChar>? {
    ConstantText(StatusTexts.of(status).name).pointer
}

@c @implementation
public func neuron_ws_status_text(_ status: neuron_ws_status_t) -> UnsafePointer<CChar>? {
    ConstantText(StatusTexts.of(status).text).pointer
}
