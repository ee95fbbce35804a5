// SPDX-License-Identifier: Apache-2.0
import CJansson

/// Values of one group and one publishing time that came with one push, as texts, in one piece of memory of just their
/// size. Immutable but for the link.
///
/// Memory comes from malloc: a host decides how much it is, and Swift's allocator ends the process where there is none.
final class GatheredValues {
    /// Where a value's name begins in the text, where its datapoint does, and where that ends.
    struct Place: BitwiseCopyable {
        let name: UInt32
        let datapoint: UInt32
        let end: UInt32
    }

    /// What comes behind them in their basket.
    var next: GatheredValues?
    let count: Int
    /// Of memory.
    let byteCount: Int
    private let places: UnsafeMutablePointer<Place>
    private let text: UnsafeMutableRawPointer

    /// The object itself, and malloc's own.
    private static let ownBytes = 96

    /// Texts of so many bytes for so many values, which `fill` writes one by one: where, and which; it says where the
    /// datapoint begins and how long both are. At most 2^31 bytes.
    init(
        count: Int, textByteCount: Int,
        _ fill: (UnsafeMutableRawPointer, Int) -> (nameByteCount: Int, byteCount: Int)
    ) throws(EncodingError) {
        let placesByteCount = count * MemoryLayout<Place>.stride
        guard let memory = malloc(max(placesByteCount + textByteCount, 1)) else { throw .noMemory }
        places = memory.bindMemory(to: Place.self, capacity: count)
        text = memory + placesByteCount
        self.count = count
        byteCount = placesByteCount + textByteCount + Self.ownBytes
        var end = 0
        for index in 0..<count {
            let written = fill(text + end, index)
            places[index] = Place(
                name: UInt32(end), datapoint: UInt32(end + written.nameByteCount), end: UInt32(end + written.byteCount))
            end += written.byteCount
        }
        precondition(end == textByteCount)
    }

    deinit { free(places) }

    /// As JSON.
    func name(_ index: Int) -> UnsafeRawBufferPointer { part(places[index].name, places[index].datapoint) }

    func datapoint(_ index: Int) -> UnsafeRawBufferPointer { part(places[index].datapoint, places[index].end) }

    private func part(_ lower: UInt32, _ upper: UInt32) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: text + Int(lower), count: Int(upper - lower))
    }
}
