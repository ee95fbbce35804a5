// SPDX-License-Identifier: Apache-2.0
/// What one read brought: handed to the server's log in one go.
struct MessageBatch {
    var count = 0
    var payloadBytes = 0
    var messages: [ReceivedMessage] = []
}
