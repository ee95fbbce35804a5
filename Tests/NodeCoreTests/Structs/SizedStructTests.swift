// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

/// A struct as a header of a later version has it: three members in the first, `count` in the second, `late` now.
private struct Grown {
    var size = 0
    var id: UInt64 = 0
    var kind: UInt32 = 0
    var flags: UInt32 = 0
    var count: UInt64 = 0
    var late: UInt64 = 0
}

@Suite struct SizedStructTests {
    private let grown = SizedStruct<Grown>("grown_t", firstVersionBytes: 24)

    /// Host memory with `size` in front and 0xA5 behind the struct's `size` bytes.
    private func host(_ size: Int, _ fill: (inout Grown) -> Void = { _ in }) -> UnsafeMutableRawPointer {
        let raw = UnsafeMutableRawPointer.allocate(byteCount: 8192, alignment: 8)
        raw.initializeMemory(as: UInt8.self, repeating: 0xA5, count: 8192)
        if (0...4096).contains(size) { raw.initializeMemory(as: UInt8.self, repeating: 0, count: size) }
        var value = Grown(size: size)
        fill(&value)
        withUnsafeBytes(of: value) { raw.copyMemory(from: $0.baseAddress!, byteCount: min(max(size, 8), $0.count)) }
        raw.storeBytes(of: size, as: Int.self)
        return raw
    }

    private func read(_ raw: UnsafeMutableRawPointer) throws -> Grown {
        defer { raw.deallocate() }
        return try grown.read(UnsafePointer(raw.assumingMemoryBound(to: Grown.self)))
    }

    @Test(arguments: [24, 25, 31, 32, 33, 39])
    func missingMembersAreZero(size: Int) throws {
        let given = Grown(id: 7, flags: 9, count: 11, late: .max)
        let value = try read(host(size) { $0 = given })
        #expect(value.id == 7 && value.flags == 9)
        // A member of which only a part is there is not there.
        #expect(value.count == (size >= 32 ? 11 : 0))
        #expect(value.late == 0)
    }

    @Test(arguments: [40, 41, 48, 1000, 4096])
    func whatNobodyKnowsMustBeZero(size: Int) throws {
        #expect(try read(host(size) { $0.late = 5 }).late == 5)
        for offset in Set([40, size - 1]) where (40..<size).contains(offset) {
            let raw = host(size)
            raw.storeBytes(of: 1, toByteOffset: offset, as: UInt8.self)
            #expect(throws: StructSizeError.self) { try read(raw) }
        }
    }

    @Test(arguments: [0, 1, 8, 23, 4097, Int.max, -1])
    func sizesThatAreNoneAreRefused(size: Int) {
        #expect(throws: StructSizeError.self) { try read(host(size)) }
    }

    @Test(arguments: [24, 25, 32, 40, 64, 4096])
    func anAnswerEndsWhereTheHostsStructEnds(size: Int) throws {
        let raw = host(size)
        defer { raw.deallocate() }
        let answer = Grown(size: 4711, id: 1, kind: 2, flags: 3, count: 4, late: 5)
        try grown.write(answer, to: raw.assumingMemoryBound(to: Grown.self))
        #expect(raw.load(as: Int.self) == size)
        #expect(raw.load(fromByteOffset: 8, as: UInt64.self) == 1)
        if size >= 40 { #expect(raw.load(fromByteOffset: 32, as: UInt64.self) == 5) }
        let behind = max(size, 40)
        #expect((behind..<behind + 64).allSatisfy { raw.load(fromByteOffset: $0, as: UInt8.self) == 0xA5 })
        #expect(size >= 40 || raw.load(fromByteOffset: size, as: UInt8.self) == 0xA5)
    }

    @Test(arguments: [24, 32, 40, 48, 4096])
    func structsInArraysFollowTheSameRule(stride: Int) throws {
        let raw = UnsafeMutableRawPointer.allocate(byteCount: 2 * 4096, alignment: 8)
        defer { raw.deallocate() }
        raw.initializeMemory(as: UInt8.self, repeating: 0, count: 2 * 4096)
        #expect(try grown.stride(stride, named: "stride") == stride)
        for index in 0..<2 {
            let place = raw + index * stride
            place.storeBytes(of: UInt64(index + 1), toByteOffset: 8, as: UInt64.self)
            if stride >= 40 { place.storeBytes(of: 9, toByteOffset: 32, as: UInt64.self) }
        }
        for index in 0..<2 {
            let value = try grown.element(at: raw + index * stride, stride: stride)
            #expect(value.id == UInt64(index + 1) && value.late == (stride >= 40 ? 9 : 0))
        }
        if stride > 40 {
            raw.storeBytes(of: 1, toByteOffset: stride - 1, as: UInt8.self)
            #expect(throws: StructSizeError.self) { try grown.element(at: raw, stride: stride) }
        }
    }

    @Test(arguments: [0, 16, 23, 25, 36, 4104, -8])
    func distancesThatAreNoneAreRefused(stride: Int) {
        #expect(throws: StructSizeError.self) { try grown.stride(stride, named: "stride") }
    }

    @Test func noStructIsSmallerThanItsFirstVersion() {
        func holds<Struct>(_ kind: SizedStruct<Struct>) -> Bool {
            kind.firstVersionBytes <= MemoryLayout<Struct>.size
                && kind.firstVersionBytes % MemoryLayout<Struct>.alignment == 0
                && MemoryLayout<Struct>.size <= HostStructs.bytesMax
        }
        #expect(holds(HostStructs.host) && holds(HostStructs.group) && holds(HostStructs.tag))
        #expect(holds(HostStructs.driverState) && holds(HostStructs.command) && holds(HostStructs.state))
        #expect(holds(HostStructs.metrics) && holds(HostStructs.requestInfo) && holds(HostStructs.event))
    }
}
