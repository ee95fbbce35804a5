// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// One cache on disk, as neuron_ws_cache_list tells it.
struct CacheFacts {
    /// "": it cannot be read, and `error` says why.
    let node: String
    let path: String
    let error: String
    let messages: Int
    let bytes: Int
    let fileBytes: Int
    /// Times of the data, milliseconds since 1970; 0: none.
    let oldest: Int64
    let newest: Int64
    let poisoned: Int

    init(_ cache: neuron_ws_cache_t) {
        node = String(cString: cache.node)
        path = String(cString: cache.path)
        error = String(cString: cache.error)
        messages = Int(clamping: cache.messages)
        bytes = Int(clamping: cache.bytes)
        fileBytes = Int(clamping: cache.file_bytes)
        oldest = cache.oldest_ms
        newest = cache.newest_ms
        poisoned = Int(clamping: cache.poisoned)
    }
}

/// One message, while it is told.
struct CachedMessage {
    let isPoisoned: Bool
    let isText: Bool
    let bytes: UnsafeRawBufferPointer
    let time: Int64
    let closeCode: Int
    let closeReason: String

    init(_ message: neuron_ws_cached_message_t) {
        isPoisoned = message.part == .NEURON_WS_CACHE_POISONED
        isText = message.kind == .NEURON_WS_TEXT
        bytes = UnsafeRawBufferPointer(start: message.bytes, count: message.length)
        time = message.time_ms
        closeCode = Int(message.close_code)
        closeReason = String(cString: message.close_reason)
    }
}

/// The functions of neuron_ws.h for caches on disk.
enum Caches {
    static let waiting = UInt32(neuron_ws_cache_part_t.NEURON_WS_CACHE_WAITING.rawValue)
    static let poisoned = UInt32(neuron_ws_cache_part_t.NEURON_WS_CACHE_POISONED.rawValue)

    private final class List {
        var caches: [CacheFacts] = []
    }

    static func all(in directory: String) throws(LibraryError) -> [CacheFacts] {
        let list = List()
        let status = neuron_ws_cache_list(
            directory,
            { cache, context in
                guard let cache, let context else { return }
                Unmanaged<List>.fromOpaque(context).takeUnretainedValue().caches.append(CacheFacts(cache.pointee))
            }, Unmanaged.passUnretained(list).toOpaque())
        guard status == .NEURON_WS_OK else { throw LibraryError(status) }
        return list.caches
    }

    private final class Reader {
        let body: (CachedMessage) -> Void
        init(_ body: @escaping (CachedMessage) -> Void) { self.body = body }
    }

    static func read(
        _ directory: String, _ node: String, _ parts: UInt32, _ body: @escaping (CachedMessage) -> Void
    ) throws(LibraryError) {
        let reader = Reader(body)
        let status = neuron_ws_cache_read(
            directory, node, parts,
            { message, context in
                guard let message, let context else { return false }
                Unmanaged<Reader>.fromOpaque(context).takeUnretainedValue().body(CachedMessage(message.pointee))
                return true
            }, Unmanaged.passUnretained(reader).toOpaque())
        guard status == .NEURON_WS_OK else { throw LibraryError(status) }
    }

    static func resend(_ directory: String, _ node: String) throws(LibraryError) -> Int {
        var count: UInt64 = 0
        let status = neuron_ws_cache_resend(directory, node, &count)
        guard status == .NEURON_WS_OK else { throw LibraryError(status) }
        return Int(clamping: count)
    }

    static func drop(_ directory: String, _ node: String, _ parts: UInt32) throws(LibraryError) {
        let status = neuron_ws_cache_drop(directory, node, parts)
        guard status == .NEURON_WS_OK else { throw LibraryError(status) }
    }
}
