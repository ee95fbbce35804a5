// SPDX-License-Identifier: Apache-2.0
public import CNeuronWS

/// The library's version; the header's macros are the only place where it is written.
enum Version {
    static let text = "\(NEURON_WS_VERSION_MAJOR).\(NEURON_WS_VERSION_MINOR).\(NEURON_WS_VERSION_PATCH)"
}

private let versionText = ConstantText(copying: Version.text)

@c @implementation
public func neuron_ws_version() -> UnsafePointer<CChar>? { versionText.pointer }

@c @implementation
public func neuron_ws_abi_version() -> UInt32 { UInt32(NEURON_WS_ABI_VERSION) }
