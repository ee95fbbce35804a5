import CJansson
import CNeuronWS

/// The memory of a group's tags: buffers that live as long as the arena does. What is small shares a chunk.
final class GroupArena {
    private static let chunkBytesMin = 512
    /// Less than `Headroom` asks about: what is larger was asked for by who fills the arena.
    private static let chunkBytesMax = 32 * 1024

    private var chunks: [UnsafeMutableRawPointer] = []
    /// Those that were prepared: malloc's.
    private var blocks: [UnsafeMutableRawPointer] = []
    private var prepared: UnsafeMutableRawPointer?
    private var preparedBytes = 0
    private var next: UnsafeMutableRawPointer?
    /// Of the present chunk; nil `next`: there is none, and `left` is 0.
    private var left = 0
    /// Memory that it has taken, bytes.
    private(set) var byteCount = 0

    deinit {
        for chunk in chunks { chunk.deallocate() }
        for block in blocks { free(block) }
        free(prepared)
    }

    /// Takes the memory for the next thing of so many bytes, if it is large; false: there is none. What is not prepared
    /// comes from Swift's allocator, which ends the process then.
    func prepare(_ byteCount: Int) -> Bool {
        guard byteCount >= Headroom.byteCountMin, byteCount > preparedBytes else { return true }
        let needed = (byteCount + 1 + 7) & ~7
        free(prepared)
        prepared = malloc(needed)
        preparedBytes = prepared == nil ? 0 : needed
        return prepared != nil
    }

    /// Room for so many bytes and a NUL.
    func room(_ byteCount: Int) -> UnsafeMutableRawPointer { reserve(byteCount + 1) }

    /// `count` tags, all zero.
    func tags(_ count: Int) -> UnsafeMutableBufferPointer<neuron_ws_tag_t> {
        let memory = reserve(count * MemoryLayout<neuron_ws_tag_t>.stride)
        let tags = memory.bindMemory(to: neuron_ws_tag_t.self, capacity: count)
        tags.initialize(repeating: neuron_ws_tag_t(), count: count)
        return UnsafeMutableBufferPointer(start: tags, count: count)
    }

    /// A copy of the elements.
    func copy<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafeRawPointer {
        elements.withUnsafeBytes { copy($0) }
    }

    /// A copy of the bytes, with a NUL behind them.
    func copy(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawPointer {
        let memory = reserve(bytes.count + 1)
        if let base = bytes.baseAddress { memory.copyMemory(from: base, byteCount: bytes.count) }
        memory.storeBytes(of: 0, toByteOffset: bytes.count, as: UInt8.self)
        return UnsafeRawPointer(memory)
    }

    /// Aligned for every type that a tag may hold.
    private func reserve(_ byteCount: Int) -> UnsafeMutableRawPointer {
        let needed = (byteCount + 7) & ~7
        // Chunks double, so that few things take little and many take few.
        let size = min(max(self.byteCount, Self.chunkBytesMin), Self.chunkBytesMax)
        if needed > size / 4, needed > left { return addChunk(needed) }
        if needed > left || next == nil {
            next = addChunk(size)
            left = size
        }
        guard let memory = next else { preconditionFailure("there is a chunk") }
        next = memory + needed
        left -= needed
        return memory
    }

    private func addChunk(_ size: Int) -> UnsafeMutableRawPointer {
        if size >= Headroom.byteCountMin, size <= preparedBytes, let block = prepared {
            prepared = nil
            preparedBytes = 0
            blocks.append(block)
            byteCount += size
            return block
        }
        let chunk = UnsafeMutableRawPointer.allocate(byteCount: max(size, 1), alignment: 8)
        chunks.append(chunk)
        byteCount += size
        return chunk
    }
}
