// SPDX-License-Identifier: Apache-2.0
import CJansson

/// Where the memory of chunks comes from. The heap's is seldom given back to the system while something lies behind it;
/// the shell has a source that does.
public struct ChunkMemory: Sendable {
    /// Bytes to memory; nil: there is none.
    let take: @Sendable (Int) -> UnsafeMutableRawPointer?
    /// Memory and how many bytes were asked for.
    let giveBack: @Sendable (UnsafeMutableRawPointer, Int) -> Void

    public init(
        take: @escaping @Sendable (Int) -> UnsafeMutableRawPointer?,
        giveBack: @escaping @Sendable (UnsafeMutableRawPointer, Int) -> Void
    ) {
        self.take = take
        self.giveBack = giveBack
    }

    /// From malloc, because Swift's allocator ends the process where there is none.
    public static let heap = ChunkMemory(take: { malloc($0) }, giveBack: { memory, _ in free(memory) })
}
