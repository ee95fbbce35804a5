// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// How messages are compressed, as the settings say it.
public struct CompressionOptions: Equatable, Sendable {
    /// 9 to 15: the window, as the power of two of its bytes.
    public var windowBits: Int
    /// 1 to 9: zlib's memLevel.
    public var memoryLevel: Int
    /// Messages may refer to those before them.
    public var contextTakeover: Bool
    /// Messages of fewer bytes are sent as they are.
    public var thresholdBytes: Int

    public init(windowBits: Int, memoryLevel: Int, contextTakeover: Bool, thresholdBytes: Int) {
        self.windowBits = windowBits
        self.memoryLevel = memoryLevel
        self.contextTakeover = contextTakeover
        self.thresholdBytes = thresholdBytes
    }

    /// What the handshake asks for.
    public var offer: DeflateOffer { DeflateOffer(windowBits: windowBits, contextTakeover: contextTakeover) }
}
