// SPDX-License-Identifier: Apache-2.0
/// A text that lives as long as the library. StaticString's bytes end with NUL.
struct ConstantText: @unchecked Sendable {
    let pointer: UnsafePointer<CChar>

    init(_ text: StaticString) {
        pointer = UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
    }

    /// Copies once and for all.
    init(copying text: String) {
        var text = text
        pointer = text.withUTF8 { utf8 in
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: utf8.count + 1)
            for index in utf8.indices { copy[index] = CChar(bitPattern: utf8[index]) }
            copy[utf8.count] = 0
            return UnsafePointer(copy)
        }
    }
}
