// SPDX-License-Identifier: Apache-2.0
import CLinux

/// The bytes of a NUL-terminated text, without the NUL; of one that is longer than `bytesMax`, one byte more than that.
/// Nothing behind is looked at: where a text that nobody takes ends is its host's business. NULL: no bytes.
func boundedText(_ pointer: UnsafePointer<CChar>?, bytesMax: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: pointer, count: pointer.map { strnlen($0, bytesMax + 1) } ?? 0)
}
