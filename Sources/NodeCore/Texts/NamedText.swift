// SPDX-License-Identifier: Apache-2.0
public import WebSocketCore

/// A name with a time.
public struct NamedTime: Equatable, Sendable {
    public let name: String
    public let milliseconds: Int64
}

/// A name with a text, which may be secret.
public struct NamedText: Equatable, Sendable {
    public let name: String
    public let text: SecretBytes

    public init(name: String, text: SecretBytes) {
        self.name = name
        self.text = text
    }
}
