// SPDX-License-Identifier: Apache-2.0
import CSQLite
import NodeCore

/// What stands in the file's tables.
extension SpoolStore {
    /// The only row of `meta`, but for the node's name.
    struct Meta {
        var first: Int64
        var next: Int64
        var bytes: UInt64
        var clock: UInt64
        var wall: Int64
        /// No message bears this number or a higher one, and the row of numbers.
        var number: Int64
        var stream: Int64
    }

    /// Of a batch.
    struct Row {
        let first: Int64
        let count: Int64
        let bytes: UInt64

        /// A file may say anything.
        func check() throws(Database.Failure) {
            let isSound = first >= 0 && count > 0 && first < Int64.max - count
            if isSound, UInt64(count) <= bytes / UInt64(MessageChunk.imageHeadBytes) { return }
            throw Database.Failure(code: SQLITE_CORRUPT, errorNumber: 0, text: "a row makes no sense")
        }
    }
}
