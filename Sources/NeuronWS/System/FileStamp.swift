// SPDX-License-Identifier: Apache-2.0
/// Which file a path leads to and when that was written last, to see whether it was replaced.
struct FileStamp: Equatable {
    let path: String
    /// Nil: there is none, or it may not be looked up.
    let facts: Facts?

    struct Facts: Equatable {
        let device: UInt64
        let inode: UInt64
        let bytes: Int64
        /// Of the last write, and of the last change of anything else (owner, mode, name).
        let writtenNanoseconds: Int64
        let changedNanoseconds: Int64
    }

    static func of(_ path: String) -> FileStamp { FileStamp(path: path, facts: Syscalls.fileFacts(path)) }
}
