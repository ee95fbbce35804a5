// SPDX-License-Identifier: Apache-2.0
/// What the targets share. Each target is a program of its own: this file, the target's, libFuzzer.

/// Ends the run with a finding unless the condition holds.
func require(_ condition: Bool, _ what: @autoclosure () -> String) {
    if !condition { fatalError("finding: " + what()) }
}

/// The input, taken from its front: choices first, then the rest.
struct FuzzInput {
    private var bytes: UnsafeRawBufferPointer

    init(_ data: UnsafePointer<UInt8>?, _ size: Int) { bytes = UnsafeRawBufferPointer(start: data, count: size) }

    var rest: UnsafeRawBufferPointer { bytes }
    var restAsText: String { String(decoding: bytes, as: UTF8.self) }

    /// 0 when there is nothing left.
    mutating func byte() -> UInt8 {
        guard let first = bytes.first else { return 0 }
        bytes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
        return first
    }
}

/// Ways to cut `count` bytes: byte by byte, in pieces of one size, and, where it is short, in two at every place.
func cuts(_ count: Int, stride: Int) -> [[Range<Int>]] {
    var ways = [pieces(count, 1), pieces(count, max(1, stride))]
    if count <= 40 { for place in 0...count { ways.append([0..<place, place..<count]) } }
    return ways
}

private func pieces(_ count: Int, _ size: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
}

extension UnsafeRawBufferPointer {
    func piece(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self[range]) }
}
