// SPDX-License-Identifier: Apache-2.0
/// What a peer may send us at most (RFC 6455 §10.4). Beyond it the connection fails with 1009.
public struct EndpointLimits: Equatable, Sendable {
    /// A whole message, over all its frames, in bytes: as they come, and inflated too.
    public var maxMessageBytes: Int
    /// The payload of one data frame, in bytes.
    public var maxFrameBytes: Int

    /// 16 MiB each, unless told otherwise.
    public init(maxMessageBytes: Int = 16 << 20, maxFrameBytes: Int = 16 << 20) {
        self.maxMessageBytes = maxMessageBytes
        self.maxFrameBytes = maxFrameBytes
    }
}
