// SPDX-License-Identifier: Apache-2.0
import CLinux
import Testing

@testable import NeuronWS
@testable import NodeCore

/// A folder for a node's file on disk, which lives as long as `body` runs.
func withSpoolFolder(_ body: (String) throws -> Void) throws {
    let path = "/tmp/neuron_ws-spool-\(Random.next())"
    try Syscalls.makeDirectory(path)
    defer { rmdir(path) }
    try body(path)
}

/// The same with the file of a node.
func withSpoolFile(_ node: String = "line-1", _ body: (SpoolFile) throws -> Void) throws {
    try withSpoolFolder { folder in
        let file = SpoolFile(directory: folder, node: node)
        defer { try? file.delete() }
        try body(file)
    }
}

/// Messages that lie in one chunk, which a spool takes.
func batch(_ texts: [String], from id: UInt64) throws -> ChunkList {
    let chunk = try #require(ChunkPool.make(byteCount: 4096))
    for text in texts {
        Array(text.utf8).withUnsafeBytes {
            _ = chunk.append(OutgoingMessage($0, MessageStamp(kind: 1, timeMilliseconds: 0)))
        }
    }
    chunk.firstID = id
    var list = ChunkList()
    list.append(chunk)
    return list
}

/// Work that stores them.
func storing(_ texts: [String], from id: UInt64) throws -> SpoolWork {
    var work = SpoolWork()
    work.batches = try batch(texts, from: id)
    work.storesBefore = id + UInt64(texts.count)
    return work
}

/// Work that loads all from a message on.
func loading(from id: UInt64, byteCount: Int = 1 << 20) -> SpoolWork {
    var work = SpoolWork()
    work.loadsFrom = id
    work.loadsBytes = byteCount
    return work
}

/// What was loaded, with each message's number.
func loaded(_ result: borrowing SpoolResult) -> [String] {
    var texts: [String] = []
    result.loaded.forEach { chunk in
        var offset = 0
        for index in 0..<chunk.count {
            let payload = chunk.payload(at: offset)
            texts.append("\(chunk.firstID + UInt64(index)):\(String(decoding: payload, as: UTF8.self))")
            offset += MessageRecord.size(byteCount: payload.count)
        }
    }
    return texts
}
