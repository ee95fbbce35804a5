// SPDX-License-Identifier: Apache-2.0
/// How a struct of the header comes and goes between hosts and libraries of different versions.
///
/// Structs grow at their end only. A host says how many bytes its struct has; one that is smaller, down to the first
/// version, lacks the members behind its end, which are zero then; one that is larger is taken while all that this
/// library does not know is zero, or, where the library writes, is left as it is. This is the only place that knows.
/// For structs of C alone, which are nothing but their bytes.
public struct SizedStruct<Struct>: Sendable {
    /// As in the header.
    public let name: StaticString
    /// `sizeof` in the first version of the header that had it; never changes.
    public let firstVersionBytes: Int

    init(_ name: StaticString, firstVersionBytes: Int) {
        self.name = name
        self.firstVersionBytes = firstVersionBytes
    }

    private var knownBytes: Int { MemoryLayout<Struct>.size }

    // MARK: Structs that begin with their size

    /// What the host wrote in front of its struct, once it is known to be a size.
    public func size(at pointer: UnsafeRawPointer) throws(StructSizeError) -> Int {
        // The struct may end before ours does: nothing but its size is read before that is known.
        let given = pointer.loadUnaligned(as: UInt.self)
        guard given >= UInt(firstVersionBytes), given <= UInt(HostStructs.bytesMax) else {
            throw StructSizeError.size(given, name, expected)
        }
        return Int(given)
    }

    /// A copy of the host's struct, whole.
    public func read(_ pointer: UnsafePointer<Struct>) throws(StructSizeError) -> Struct {
        try copy(UnsafeRawPointer(pointer), size: try size(at: pointer))
    }

    /// Writes an answer as far as the host's struct reaches, and leaves its `size`.
    public func write(_ value: Struct, to pointer: UnsafeMutablePointer<Struct>) throws(StructSizeError) {
        let count = min(try size(at: pointer), knownBytes)
        let head = MemoryLayout<Int>.size
        withUnsafeBytes(of: value) { source in
            (UnsafeMutableRawPointer(pointer) + head).copyMemory(
                from: source.baseAddress.unsafelyUnwrapped + head, byteCount: count - head)
        }
    }

    // MARK: Structs that lie one behind the other

    /// The distance between two structs of the host, once it is known to be one.
    public func stride(_ given: Int, named member: StaticString) throws(StructSizeError) -> Int {
        // The members of each must lie where the compiler expects them.
        guard given >= firstVersionBytes, given <= HostStructs.bytesMax, given % MemoryLayout<Struct>.alignment == 0
        else {
            throw StructSizeError.stride(
                UInt(bitPattern: given), member, name, expected, steps: MemoryLayout<Struct>.alignment)
        }
        return given
    }

    /// A copy of the one at `pointer`; the distance has been checked.
    public func element(at pointer: UnsafeRawPointer, stride: Int) throws(StructSizeError) -> Struct {
        try copy(pointer, size: stride)
    }

    /// Whether all that this library does not know of the one at `pointer` is zero; the distance has been checked.
    public func checkTail(_ pointer: UnsafeRawPointer, size: Int) throws(StructSizeError) {
        guard size > knownBytes else { return }
        for byte in UnsafeRawBufferPointer(start: pointer + knownBytes, count: size - knownBytes) where byte != 0 {
            throw StructSizeError.tail(size, name, known: knownBytes)
        }
    }

    private func copy(_ pointer: UnsafeRawPointer, size: Int) throws(StructSizeError) -> Struct {
        try checkTail(pointer, size: size)
        // A member of which only a part is there is not there.
        let whole = size / MemoryLayout<Struct>.alignment * MemoryLayout<Struct>.alignment
        return withUnsafeTemporaryAllocation(of: Struct.self, capacity: 1) { room in
            let bytes = UnsafeMutableRawBufferPointer(room)
            bytes.initializeMemory(as: UInt8.self, repeating: 0)
            bytes.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: min(whole, knownBytes)))
            return room[0]
        }
    }

    private var expected: StructSizeError.Expected { (firstVersionBytes, knownBytes) }
}

/// A size or a distance is none that a struct can have. NEURON_WS_STRUCT_SIZE.
public struct StructSizeError: Error, Equatable, Sendable {
    /// A sentence for people.
    public let text: String

    /// A struct's bytes in the first version and in this one.
    typealias Expected = (first: Int, known: Int)

    // Not in `SizedStruct`, of which there is one for each struct.

    static func size(_ given: UInt, _ name: StaticString, _ expected: Expected) -> StructSizeError {
        StructSizeError(
            text: "\(name) says it has \(given) bytes; expected \(shown(expected)): set `size` to sizeof the struct")
    }

    static func stride(
        _ given: UInt, _ member: StaticString, _ name: StaticString, _ expected: Expected, steps: Int
    ) -> StructSizeError {
        StructSizeError(
            text: "`\(member)` is \(given), no sizeof(\(name)): expected \(shown(expected)), in steps of \(steps)")
    }

    static func tail(_ given: Int, _ name: StaticString, known: Int) -> StructSizeError {
        StructSizeError(
            text: "\(name) has \(given) bytes, and what lies behind the \(known) known ones is not zero: "
                + "the library is older than what it is asked for")
    }

    private static func shown(_ expected: Expected) -> String {
        let first = expected.first == expected.known ? "" : "\(expected.first) (the first version's) or "
        return "\(first)\(expected.known), at most \(HostStructs.bytesMax)"
    }
}
