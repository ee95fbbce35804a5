import CNeuronWS

/// The memory of a group's tags: buffers that live as long as the arena does.
final class GroupArena {
    private var buffers: [UnsafeMutableRawPointer] = []

    deinit { for buffer in buffers { buffer.deallocate() } }

    /// `count` tags, all zero.
    func tags(_ count: Int) -> UnsafeMutableBufferPointer<neuron_ws_tag_t> {
        let memory = reserve(count * MemoryLayout<neuron_ws_tag_t>.stride, MemoryLayout<neuron_ws_tag_t>.alignment)
        let tags = memory.bindMemory(to: neuron_ws_tag_t.self, capacity: count)
        tags.initialize(repeating: neuron_ws_tag_t(), count: count)
        return UnsafeMutableBufferPointer(start: tags, count: count)
    }

    /// A copy of the elements.
    func copy<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafeRawPointer {
        let memory = reserve(elements.count * MemoryLayout<Element>.stride, MemoryLayout<Element>.alignment)
        elements.withUnsafeBytes { source in
            if let base = source.baseAddress { memory.copyMemory(from: base, byteCount: source.count) }
        }
        return UnsafeRawPointer(memory)
    }

    private func reserve(_ byteCount: Int, _ alignment: Int) -> UnsafeMutableRawPointer {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: max(byteCount, 1), alignment: alignment)
        buffers.append(memory)
        return memory
    }
}
