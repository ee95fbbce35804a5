// SPDX-License-Identifier: Apache-2.0
/// What is kept of secrets that a server was told on connections that are gone: it may tell them later, a token that
/// was replaced for example. None of them is kept itself: they are known by their hashes.
///
/// Those of the last connections that had others than those before them, so many besides the present one's.
/// Invariant: no secret is in two sets, and `formerMax` sets at most have none of the present connection's.
public struct FormerSecrets: Sendable {
    static let formerMax = 8

    /// Makes hashes of another process, or node, useless.
    private let key: SipHash.Key
    /// What each brought that none of the others had, the newest at the end.
    private var sets: [[HashedSecret]] = []

    /// - Parameters: random numbers.
    public init(_ first: UInt64, _ second: UInt64) { key = SipHash.Key(first: first, second: second) }

    /// These were told to a server, or are about to be.
    public mutating func note(_ mask: SecretMask) {
        var new: [HashedSecret] = []
        var used: [Int] = []
        for secret in mask.secrets {
            let hashed = HashedSecret(secret, key)
            if let place = sets.firstIndex(where: { $0.contains(hashed) }) {
                used.append(place)
            } else if !new.contains(hashed) {
                new.append(hashed)
            }
        }
        // Those that are used again are the newest.
        let present = sets.indices.filter { used.contains($0) }.map { sets[$0] }
        let former = sets.indices.filter { !used.contains($0) }.map { sets[$0] }
        sets = former.suffix(Self.formerMax) + present
        if !new.isEmpty { sets.append(new) }
    }

    /// With all that are kept.
    public func added(to mask: SecretMask) -> SecretMask { mask.with(former: sets.flatMap { $0 }) }
}

/// A secret that is kept no more.
struct HashedSecret: Equatable, Sendable {
    let count: Int
    let firstByte: UInt8
    private let whole: UInt64
    /// Of its beginning, as far as one is known that is cut off; nil: it is no longer than that.
    private let beginning: UInt64?
    private let key: SipHash.Key

    init(_ secret: SecretBytes, _ key: SipHash.Key) {
        self.key = key
        count = secret.count
        (firstByte, whole, beginning) = secret.withBytes { bytes in
            let start = UnsafeRawBufferPointer(rebasing: bytes.prefix(SecretMask.beginningMin))
            let isLong = bytes.count > SecretMask.beginningMin
            return (bytes.first ?? 0, SipHash.of(bytes, key), isLong ? SipHash.of(start, key) : nil)
        }
    }

    /// How many bytes of it begin at `index`; see `SecretMask.byteCount`.
    func byteCount(in bytes: UnsafeRawBufferPointer, at index: Int, beginningMin: Int) -> Int {
        for form in SecretForm.all {
            for plus in form == .percent ? [UInt8(ascii: "+"), 0x20] : [0] {
                let decoded = WipedBytes(capacity: count + 4)
                let (end, isEncoded) = form.decode(bytes, from: index, count: count, plus: plus, into: decoded)
                // Else it is as the plain form has it.
                if form != .plain, !isEncoded { continue }
                guard !decoded.isEmpty, decoded[0] == firstByte else { continue }
                if decoded.count == count, matches(decoded, count, whole) { return end - index }
                if decoded.count >= SecretMask.beginningMin {
                    // How much more of it stands there a hash does not say: to the next byte that ends a word.
                    if let beginning, matches(decoded, SecretMask.beginningMin, beginning) {
                        return wordEnd(bytes, from: index + SecretMask.beginningMin) - index
                    }
                } else if decoded.count < count, decoded.count >= beginningMin,
                    form.isCutOff(UnsafeRawBufferPointer(rebasing: bytes[end...]))
                {
                    // Too little to be known by its hash.
                    return bytes.count - index
                }
            }
        }
        return 0
    }

    private func wordEnd(_ bytes: UnsafeRawBufferPointer, from index: Int) -> Int {
        var end = min(index, bytes.count)
        while end < bytes.count, bytes[end] > 0x20, !"\"'<>,;".utf8.contains(bytes[end]) {
            if UnsafeRawBufferPointer(rebasing: bytes[end...]).starts(with: "…".utf8) { break }
            end += 1
        }
        return end
    }

    private func matches(_ decoded: WipedBytes, _ count: Int, _ hash: UInt64) -> Bool {
        decoded.withBytes { SipHash.of(UnsafeRawBufferPointer(rebasing: $0[..<count]), key) == hash }
    }
}
