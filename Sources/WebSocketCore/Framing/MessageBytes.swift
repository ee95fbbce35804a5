// SPDX-License-Identifier: Apache-2.0
/// The bytes of an incoming message. Changed by the assembler alone, and only while nobody else holds them: to whom
/// they are lent they stay as they are.
///
/// Invariant: `0 <= count <= capacity`, and there is a block where `capacity > 0`.
public final class MessageBytes: @unchecked Sendable {
    private let memory: MessageMemory
    private var block: UnsafeMutableRawPointer?
    private(set) var capacity = 0
    public private(set) var count = 0

    init(memory: MessageMemory) { self.memory = memory }

    deinit {
        if let block { memory.free(block) }
    }

    /// Lends them for the duration of the call.
    public func withUnsafeBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try body(UnsafeRawBufferPointer(start: block, count: count))
    }

    /// A copy.
    public var array: [UInt8] { withUnsafeBytes { Array($0) } }

    /// False: there is no memory, and nothing has changed.
    func reserve(_ wanted: Int) -> Bool {
        guard wanted > capacity else { return true }
        guard let larger = memory.resize(block, count, wanted) else { return false }
        block = larger
        capacity = wanted
        return true
    }

    /// The caller has reserved the room.
    func append(_ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count <= capacity - count, "the room was not reserved")
        guard let block, let source = bytes.baseAddress else { return }
        (block + count).copyMemory(from: source, byteCount: bytes.count)
        count += bytes.count
    }

    /// What was appended from `start` on.
    func withAppended<R>(from start: Int, _ body: (UnsafeMutableRawBufferPointer) -> R) -> R {
        body(UnsafeMutableRawBufferPointer(start: block.map { $0 + start }, count: count - start))
    }

    func removeAll() { count = 0 }

    /// Nobody reads them any more: more than `MessageAssembler.retainedBytesMax` are given back at once, and not when
    /// the next bytes come, for which an idle connection may wait for long.
    public func forgetIfLarge() {
        guard let block, capacity > MessageAssembler.retainedBytesMax else { return }
        memory.free(block)
        self.block = nil
        capacity = 0
        count = 0
    }
}
