// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// Bytes as text, for what the pages of a server are told: WebSocketCore's encoder, which the tool does not see.
public enum Base64Text {
    public static func encode(_ bytes: [UInt8]) -> String { Base64.encode(bytes) }
}
