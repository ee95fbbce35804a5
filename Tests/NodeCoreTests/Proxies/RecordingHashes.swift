// SPDX-License-Identifier: Apache-2.0
import NodeCore

/// A hash that can be read: of the n-th text it is the byte n again and again; the texts are kept.
final class RecordingHashes: HashFunctions, @unchecked Sendable {
    private(set) var texts: [String] = []
    private let lacks: DigestHash?

    init(lacks: DigestHash? = nil) { self.lacks = lacks }

    func has(_ hash: DigestHash) -> Bool { hash != lacks }

    func digest(_ hash: DigestHash, _ bytes: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer) -> Bool {
        texts.append(String(decoding: bytes, as: UTF8.self))
        for index in room.indices { room[index] = UInt8(texts.count) }
        return hash != lacks
    }
}
