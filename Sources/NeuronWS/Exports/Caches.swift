// SPDX-License-Identifier: Apache-2.0
public import CNeuronWS
import NodeCore
import WebSocketCore

/// Longest path of a data directory, bytes: PATH_MAX.
private let directoryBytesMax = 4095

public typealias CacheCallback =
    @convention(c) (UnsafePointer<neuron_ws_cache_t>?, UnsafeMutableRawPointer?) -> Void
public typealias CachedMessageCallback =
    @convention(c) (UnsafePointer<neuron_ws_cached_message_t>?, UnsafeMutableRawPointer?) -> Bool

@c @implementation
public func neuron_ws_cache_list(
    _ data_dir: UnsafePointer<CChar>?, _ on_cache: CacheCallback?, _ context: UnsafeMutableRawPointer?
) -> neuron_ws_status_t {
    guard let on_cache else { return failedNull("on_cache") }
    do throws(NodeError) {
        let directory = try dataDirectory(data_dir)
        guard let files = SpoolFile.all(in: directory) else {
            throw .system("the data directory \(directory) cannot be read")
        }
        for file in files { tell(file, on_cache, context) }
        return .NEURON_WS_OK
    } catch { return failed(error) }
}

/// What there is of one file.
private func tell(_ file: SpoolFile, _ on_cache: CacheCallback, _ context: UnsafeMutableRawPointer?) {
    var summary = SpoolReader.Summary()
    var why = ""
    do throws(SpoolError) {
        try SpoolReader.withReader(file) { reader throws(Database.Failure) in summary = try reader.summary() }
        // A node's cache has its name: this one is a copy, and what is done by the name would be done to the other.
        let own = SpoolFile(directory: file.directory, node: summary.node)
        if own.path != file.path {
            why =
                "the file \(file.path) holds a cache of the node \"\(ForeignText(summary.node).shown())\", which uses "
                + "\(own.path): no node uses a copy or a file of another name; remove it, or give it that name"
            summary = SpoolReader.Summary()
        } else if !isNodeName(summary.node) {
            why =
                "the file \(file.path) holds a cache of \"\(ForeignText(summary.node).shown())\", which is no name of "
                + "a node (1 to \(nodeNameBytesMax) bytes without control characters): nothing uses it; remove it"
            summary = SpoolReader.Summary()
        }
    } catch { why = error.text }
    var cache = neuron_ws_cache_t()
    cache.size = MemoryLayout<neuron_ws_cache_t>.size
    cache.messages = summary.messages
    cache.bytes = summary.bytes
    cache.file_bytes = UInt64(clamping: Syscalls.fileFacts(file.path)?.bytes ?? 0)
    cache.oldest_ms = summary.oldest
    cache.newest_ms = summary.newest
    cache.poisoned = summary.poisoned
    summary.node.withCString { node in
        file.path.withCString { path in
            why.withCString { error in
                cache.node = node
                cache.path = path
                cache.error = error
                on_cache(&cache, context)
            }
        }
    }
}

@c @implementation
public func neuron_ws_cache_read(
    _ data_dir: UnsafePointer<CChar>?, _ node: UnsafePointer<CChar>?, _ parts: UInt32,
    _ on_message: CachedMessageCallback?, _ context: UnsafeMutableRawPointer?
) -> neuron_ws_status_t {
    guard let on_message else { return failedNull("on_message") }
    return withCache(data_dir, node, parts) { file, parts throws(NodeError) in
        var damaged = SpoolReader.Damaged()
        try using(file) { reader throws(Database.Failure) in
            var goesOn = true
            if parts.contains(.waiting) {
                try reader.messages { bytes, stamp in
                    var message = cachedMessage(.NEURON_WS_CACHE_WAITING, bytes, kind: stamp.kind)
                    message.time_ms = stamp.timeMilliseconds
                    goesOn = "".withCString { reason in
                        message.close_reason = reason
                        return on_message(&message, context)
                    }
                    return goesOn
                }
            }
            damaged = reader.damaged
            guard goesOn, parts.contains(.poisoned) else { return }
            try reader.asides { aside throws(Database.Failure) in
                var message = cachedMessage(.NEURON_WS_CACHE_POISONED, aside.bytes, kind: aside.kind)
                message.time_ms = aside.wallMilliseconds
                message.close_code = aside.closeCode
                return aside.closeReason.withCString { reason in
                    message.close_reason = reason
                    return on_message(&message, context)
                }
            }
        }
        if damaged.most > 0 {
            throw .system("of the cache \(file.path) \(damaged.text); all others were read")
        }
    }
}

private func cachedMessage(
    _ part: neuron_ws_cache_part_t, _ bytes: UnsafeRawBufferPointer, kind: UInt8
) -> neuron_ws_cached_message_t {
    var message = neuron_ws_cached_message_t()
    message.size = MemoryLayout<neuron_ws_cached_message_t>.size
    message.part = part
    message.kind = kind == 2 ? .NEURON_WS_BINARY : .NEURON_WS_TEXT
    message.bytes = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    message.length = bytes.count
    return message
}

@c @implementation
public func neuron_ws_cache_resend(
    _ data_dir: UnsafePointer<CChar>?, _ node: UnsafePointer<CChar>?, _ count: UnsafeMutablePointer<UInt64>?
) -> neuron_ws_status_t {
    withCache(data_dir, node, CacheParts.poisoned.rawValue) { file, _ throws(NodeError) in
        var resent: UInt64 = 0
        try using(file, writes: true) { reader throws(Database.Failure) in resent = try reader.resend() }
        count?.pointee = resent
    }
}

@c @implementation
public func neuron_ws_cache_drop(
    _ data_dir: UnsafePointer<CChar>?, _ node: UnsafePointer<CChar>?, _ parts: UInt32
) -> neuron_ws_status_t {
    withCache(data_dir, node, parts) { file, parts throws(NodeError) in
        if parts == CacheParts.all {
            do throws(SpoolError) { return try SpoolReader.delete(file) } catch { throw NodeError(error) }
        }
        try using(file, writes: true) { reader throws(Database.Failure) in
            if parts.contains(.waiting) { try reader.dropWaiting() } else { try reader.dropPoisoned() }
        }
    }
}

// MARK: Arguments

/// As `checkedName` takes it.
private func isNodeName(_ name: String) -> Bool {
    let bytes = Array(name.utf8)
    return (1...nodeNameBytesMax).contains(bytes.count) && !bytes.contains(0)
        && !bytes.withUnsafeBytes { ForeignText.hasControl($0) }
}

private struct CacheParts: OptionSet {
    let rawValue: UInt32
    static let waiting = CacheParts(rawValue: UInt32(neuron_ws_cache_part_t.NEURON_WS_CACHE_WAITING.rawValue))
    static let poisoned = CacheParts(rawValue: UInt32(neuron_ws_cache_part_t.NEURON_WS_CACHE_POISONED.rawValue))
    static let all: CacheParts = [.waiting, .poisoned]
}

/// The directory as it is, which is not made.
private func dataDirectory(_ path: UnsafePointer<CChar>?) throws(NodeError) -> String {
    let path = try checkedName(path, "data_dir", bytesMax: directoryBytesMax)
    guard Syscalls.fileKind(path) == .directory else {
        throw .notFound("the data directory \(path) is not there, is none, or must not be looked into")
    }
    do throws(SystemError) { return try Syscalls.realPath(path) } catch {
        throw NodeError(error, "the data directory \(path)")
    }
}

private func withCache(
    _ data_dir: UnsafePointer<CChar>?, _ node: UnsafePointer<CChar>?, _ bits: UInt32,
    _ body: (SpoolFile, CacheParts) throws(NodeError) -> Void
) -> neuron_ws_status_t {
    do throws(NodeError) {
        let name = try checkedName(node, "node", bytesMax: nodeNameBytesMax)
        let parts = CacheParts(rawValue: bits)
        guard !parts.isEmpty, parts.isSubset(of: .all) else {
            throw .invalidArgument("`parts` is \(bits); expected 1 (waiting), 2 (poisoned) or 3 (both)")
        }
        try body(SpoolFile(directory: try dataDirectory(data_dir), node: name), parts)
        return .NEURON_WS_OK
    } catch { return failed(error) }
}

private func using(
    _ file: SpoolFile, writes: Bool = false, _ body: (SpoolReader) throws(Database.Failure) -> Void
) throws(NodeError) {
    do throws(SpoolError) { try SpoolReader.withReader(file, writes: writes, body) } catch { throw NodeError(error) }
}
