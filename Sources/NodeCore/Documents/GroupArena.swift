// SPDX-License-Identifier: Apache-2.0
import CJansson
import CNeuronWS

/// The memory of a group's tags: buffers that live as long as the arena does. What is small shares a chunk.
///
/// It is malloc's: whoever writes the document decides how much it is, and where there is none each function says nil.
final class GroupArena {
    /// Before each chunk: the one that was made before it.
    private struct Link { var previous: UnsafeMutableRawPointer? }

    private static let chunkBytesMin = 512
    private static let chunkBytesMax = 32 * 1024
    /// So that what follows it is aligned like malloc's.
    private static let linkBytes = 16

    private var chunks: UnsafeMutableRawPointer?
    private var next: UnsafeMutableRawPointer?
    /// Of the present chunk; nil `next`: there is none, and `left` is 0.
    private var left = 0
    /// Memory that it has taken, bytes.
    private(set) var byteCount = 0

    deinit {
        while let chunk = chunks {
            chunks = chunk.load(as: Link.self).previous
            free(chunk)
        }
    }

    /// Room for so many bytes and a NUL.
    func room(_ byteCount: Int) -> UnsafeMutableRawPointer? { reserve(byteCount + 1) }

    /// `count` tags, all zero.
    func tags(_ count: Int) -> UnsafeMutableBufferPointer<neuron_ws_tag_t>? {
        guard let tags = room(tags: count) else { return nil }
        tags.initialize(repeating: neuron_ws_tag_t())
        return tags
    }

    /// The same, each of which the caller initializes.
    func room(tags count: Int) -> UnsafeMutableBufferPointer<neuron_ws_tag_t>? {
        guard let memory = reserve(count * MemoryLayout<neuron_ws_tag_t>.stride) else { return nil }
        let tags = memory.bindMemory(to: neuron_ws_tag_t.self, capacity: count)
        return UnsafeMutableBufferPointer(start: tags, count: count)
    }

    /// Room for so many elements, which the caller writes.
    func elements<Element: BitwiseCopyable>(_ count: Int, of: Element.Type) -> UnsafeMutablePointer<Element>? {
        reserve(count * MemoryLayout<Element>.stride)?.bindMemory(to: Element.self, capacity: count)
    }

    /// A copy of the bytes, with a NUL behind them.
    func copy(_ bytes: UnsafeRawBufferPointer) -> UnsafePointer<CChar>? {
        guard let memory = reserve(bytes.count + 1) else { return nil }
        if let base = bytes.baseAddress { memory.copyMemory(from: base, byteCount: bytes.count) }
        memory.storeBytes(of: 0, toByteOffset: bytes.count, as: UInt8.self)
        return UnsafePointer(memory.assumingMemoryBound(to: CChar.self))
    }

    /// Aligned for every type that a tag may hold.
    private func reserve(_ byteCount: Int) -> UnsafeMutableRawPointer? {
        let needed = (byteCount + 7) & ~7
        // Chunks double, so that few things take little and many take few.
        let size = min(max(self.byteCount, Self.chunkBytesMin), Self.chunkBytesMax)
        if needed > size / 4, needed > left { return addChunk(needed) }
        if needed > left || next == nil {
            guard let chunk = addChunk(size) else { return nil }
            next = chunk
            left = size
        }
        guard let memory = next else { preconditionFailure("there is a chunk") }
        next = memory + needed
        left -= needed
        return memory
    }

    private func addChunk(_ size: Int) -> UnsafeMutableRawPointer? {
        let (needed, overflows) = size.addingReportingOverflow(Self.linkBytes)
        guard !overflows, let chunk = malloc(needed) else { return nil }
        chunk.initializeMemory(as: Link.self, to: Link(previous: chunks))
        chunks = chunk
        byteCount += size
        return chunk + Self.linkBytes
    }
}
