// SPDX-License-Identifier: Apache-2.0
import NodeCore

/// What a push takes with it from under the node's lock, to encode without it: what the settings and the subscription
/// say of the group, and memory that is kept for the next push.
struct PushContext {
    var encoding: EncodingOptions
    var staticTags: StaticTags?
    /// Nil: everything is sent at once.
    var publishTimes: PublishTimes?
    var stamp: MessageStamp
    var buffer: ByteBuffer
    var names: GroupNames
    var namesHash: UInt64
    var namesKey: GroupNames.Key
}
