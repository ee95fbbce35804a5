// SPDX-License-Identifier: Apache-2.0
import CJansson

/// Who the gateway is to OpenGate, and how much its messages say. Immutable.
public final class OpenGateIdentity: @unchecked Sendable {
    /// The setting `device-id`; "" outside of a node: then every device stands by itself.
    public let deviceID: String
    /// The setting `reduced`: no `path` and no `at`, and no `device` for the gateway itself.
    public let isReduced: Bool
    /// `deviceID` as JSON.
    public let quotedDeviceID: [UInt8]
    private let deviceIDBytes: [UInt8]

    public init(deviceID: String, isReduced: Bool) {
        self.deviceID = deviceID
        self.isReduced = isReduced
        deviceIDBytes = Array(deviceID.utf8)
        var quoted: [UInt8] = []
        JSONText.appendString(deviceID, to: &quoted)
        quotedDeviceID = quoted
    }

    /// Without a device id, and whole.
    static let none = OpenGateIdentity(deviceID: "", isReduced: false)

    /// Whether a southbound node of this name is the gateway itself.
    public func isGateway(_ device: UnsafeRawBufferPointer) -> Bool { device.elementsEqual(deviceIDBytes) }

    /// A message's beginning by itself; nil: no memory.
    func beginning(device: [UInt8]) -> [UInt8]? {
        let buffer = ByteBuffer(byteCountMax: 1 << 20)
        return device.withUnsafeBytes { bytes in
            do throws(EncodingError) {
                var writer = try ByteWriter.open(buffer)
                try begin(device: bytes, to: &writer)
                try writer.finish()
            } catch { return nil }
            return buffer.withBytes { [UInt8]($0) }
        }
    }

    /// Appends a message's beginning, up to its datastreams. Members that would be null are left out: `path` of the
    /// gateway itself, which is nobody's lower device.
    func begin(device: UnsafeRawBufferPointer, to writer: inout ByteWriter) throws(EncodingError) {
        try writer.write("{\"version\":\"9.0\"")
        let isGateway = isGateway(device)
        if !isReduced || !isGateway {
            try writer.write(",\"device\":")
            try JSONStringWriter.writeQuoted(device, to: &writer)
        }
        if !isReduced, !isGateway, !deviceIDBytes.isEmpty {
            try writer.write(",\"path\":[")
            try writer.write(quotedDeviceID)
            try writer.writeByte(0x5d)
        }
        try writer.write(",\"datastreams\":")
    }
}
