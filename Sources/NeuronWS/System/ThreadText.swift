// SPDX-License-Identifier: Apache-2.0
import CLinux

/// A text per thread, freed when the thread ends: the last error.
final class ThreadText: Sendable {
    static let lastError = ThreadText()

    private let key: pthread_key_t

    private init() {
        var key = pthread_key_t()
        // 1,024 keys are there (PTHREAD_KEYS_MAX); without one, texts are not kept.
        let status = pthread_key_create(&key) { free($0) }
        self.key = status == 0 ? key : pthread_key_t.max
    }

    /// Keeps `text` for this thread; frees the one before.
    func set(_ text: String) {
        guard key != .max else { return }
        var text = text
        let copy = text.withUTF8 { utf8 -> UnsafeMutableRawPointer? in
            guard let copy = malloc(utf8.count + 1) else { return nil }
            if let base = utf8.baseAddress { copy.copyMemory(from: base, byteCount: utf8.count) }
            copy.storeBytes(of: 0, toByteOffset: utf8.count, as: UInt8.self)
            return copy
        }
        free(pthread_getspecific(key))
        pthread_setspecific(key, copy)
    }

    /// This thread's text, NUL-terminated; nil if none was set. Lives until the thread's next `set`.
    var current: UnsafePointer<CChar>? {
        guard key != .max, let text = pthread_getspecific(key) else { return nil }
        return UnsafePointer(text.assumingMemoryBound(to: CChar.self))
    }
}
