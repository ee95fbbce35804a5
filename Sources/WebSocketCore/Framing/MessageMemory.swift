// SPDX-License-Identifier: Apache-2.0
/// Where the memory comes from whose size a peer or a host decides: of incoming messages, of texts that are secret.
/// Swift's own allocator ends the process where there is none; the shell has a source that says so.
public struct MessageMemory: Sendable {
    /// Makes a block (of nil), or changes its size and keeps the bytes that are in use: the block, how many those are,
    /// and how many there shall be. nil: there is no memory, and the block stays as it is.
    let resize: @Sendable (UnsafeMutableRawPointer?, _ used: Int, _ wanted: Int) -> UnsafeMutableRawPointer?
    let free: @Sendable (UnsafeMutableRawPointer) -> Void

    public init(
        resize: @escaping @Sendable (UnsafeMutableRawPointer?, _ used: Int, _ wanted: Int) -> UnsafeMutableRawPointer?,
        free: @escaping @Sendable (UnsafeMutableRawPointer) -> Void
    ) {
        self.resize = resize
        self.free = free
    }

    /// Swift's own, which does not fail but ends the process.
    public static let swift = MessageMemory(
        resize: { block, used, wanted in
            let new = UnsafeMutableRawPointer.allocate(byteCount: wanted, alignment: 16)
            if let block {
                new.copyMemory(from: block, byteCount: used)
                block.deallocate()
            }
            return new
        },
        free: { $0.deallocate() })
}

/// There was no memory for what a peer, a host or a file sizes.
public struct OutOfMemory: Error {
    public init() {}
}
