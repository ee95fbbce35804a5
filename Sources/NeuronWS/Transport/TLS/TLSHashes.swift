// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import NodeCore

/// OpenSSL's hash functions. Any thread.
final class TLSHashes: HashFunctions {
    static let shared = TLSHashes()

    private init() {}

    func has(_ hash: DigestHash) -> Bool {
        // Where there is none that is an error to OpenSSL, and none of anybody's concern.
        defer { ERR_clear_error() }
        guard let found = EVP_MD_fetch(nil, name(hash), nil) else { return false }
        EVP_MD_free(found)
        return true
    }

    func digest(_ hash: DigestHash, _ bytes: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer) -> Bool {
        defer { ERR_clear_error() }
        guard room.count == hash.byteCount, let start = room.baseAddress,
            let function = EVP_MD_fetch(nil, name(hash), nil)
        else { return false }
        defer { EVP_MD_free(function) }
        let target = start.assumingMemoryBound(to: UInt8.self)
        return EVP_Digest(bytes.baseAddress, bytes.count, target, nil, function, nil) == 1
    }

    private func name(_ hash: DigestHash) -> String { hash == .md5 ? "MD5" : "SHA256" }
}
