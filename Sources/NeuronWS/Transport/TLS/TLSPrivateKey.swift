// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import NodeCore
import WebSocketCore

/// A private key out of PEM, without what OpenSSL's own reader leaves behind: that one frees the key's DER as it is.
/// Here DER lies in `SecretBytes` and its numbers are handed over one by one; OpenSSL wipes those by itself.
///
/// What this does not know (multi-prime RSA, curves with parameters of their own, EC without its public point, DSA) is
/// the business of OpenSSL's reader, as is everything that is wrong with a key.
enum TLSPrivateKey {
    /// Nil: not a key that is known here, or a damaged one, or a wrong password. The caller frees it.
    static func read(_ pem: SecretBytes, password: SecretBytes?) throws(OutOfMemory) -> OpaquePointer? {
        defer { ERR_clear_error() }
        return try pem.withBytes { text throws(OutOfMemory) in
            var position = 0
            while let block = PEMBlock.next(in: text, from: position) {
                if block.isLabelled("PRIVATE KEY", orEndsSo: true, in: text) {
                    return try read(block, text, password)
                }
                position = block.whole.upperBound
            }
            return nil
        }
    }

    private static func read(
        _ block: PEMBlock, _ text: UnsafeRawBufferPointer, _ password: SecretBytes?
    ) throws(OutOfMemory) -> OpaquePointer? {
        let body = UnsafeRawBufferPointer(rebasing: text[block.body])
        let hasHeaders = PEMSource.contains(body, ":")
        let der = hasHeaders ? try decrypted(body, password) : try Base64.decode(body, memory: .heap)
        return try der?.withBytes { der throws(OutOfMemory) -> OpaquePointer? in
            if block.isLabelled("RSA PRIVATE KEY", in: text) { return try rsa(der) }
            if block.isLabelled("EC PRIVATE KEY", in: text) { return try elliptic(der, curve: nil) }
            if block.isLabelled("PRIVATE KEY", in: text) { return try pkcs8(der) }
            return block.isLabelled("ENCRYPTED PRIVATE KEY", in: text) ? try encrypted(der, password) : nil
        }
    }

    /// Of an old encrypted key's headers, which are two lines; longer ones are left to OpenSSL.
    private static let headerBytesMax = 4096

    /// RFC 1421 section 4.6, as OpenSSL encrypted keys before PKCS #8: headers, a blank line, base64.
    private static func decrypted(
        _ body: UnsafeRawBufferPointer, _ password: SecretBytes?
    ) throws(OutOfMemory) -> SecretBytes? {
        // Behind the line of the BEGIN.
        guard let password, let start = body.firstIndex(where: { $0 != UInt8(ascii: "\n") }) else { return nil }
        var end = start + 1
        while end < body.count, body[end - 1] != UInt8(ascii: "\n") || body[end] != UInt8(ascii: "\n") { end += 1 }
        guard end < body.count, end - start <= headerBytesMax else { return nil }
        var header = body[start..<end].map { CChar(bitPattern: $0) } + [0]
        var cipher = EVP_CIPHER_INFO()
        guard PEM_get_EVP_CIPHER_INFO(&header, &cipher) == 1,
            let data = try Base64.decode(UnsafeRawBufferPointer(rebasing: body[end...]), memory: .heap)
        else { return nil }
        return try data.withBytes { data throws(OutOfMemory) in
            try SecretBytes.make(capacity: data.count, memory: .heap) { room in
                room.copyMemory(from: data)
                var count = data.count
                let start = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
                var request = TLSPEM.PasswordRequest(password: password)
                let isDecrypted = withUnsafeMutablePointer(to: &request) {
                    PEM_do_header(&cipher, start, &count, TLSPEM.answer, $0) == 1
                }
                return isDecrypted ? count : nil
            }
        }
    }

    /// RFC 5958 section 3.
    private static func encrypted(
        _ der: UnsafeRawBufferPointer, _ password: SecretBytes?
    ) throws(OutOfMemory) -> OpaquePointer? {
        guard let password, let base = der.baseAddress else { return nil }
        var start: UnsafePointer<UInt8>? = base.assumingMemoryBound(to: UInt8.self)
        guard let info = d2i_X509_SIG(nil, &start, der.count) else { return nil }
        defer { X509_SIG_free(info) }
        var algorithm: UnsafePointer<X509_ALGOR>?
        var content: UnsafePointer<ASN1_OCTET_STRING>?
        X509_SIG_get0(info, &algorithm, &content)
        guard let algorithm, let content else { return nil }
        var plain: UnsafeMutablePointer<UInt8>?
        var plainCount: Int32 = 0
        let isDecrypted = password.withBytes { password in
            PKCS12_pbe_crypt(
                algorithm, password.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(password.count),
                ASN1_STRING_get0_data(content), ASN1_STRING_length(content), &plain, &plainCount, 0) != nil
        }
        guard isDecrypted, let plain else { return nil }
        defer { CRYPTO_clear_free(plain, Int(plainCount), "", 0) }
        return try pkcs8(UnsafeRawBufferPointer(start: plain, count: Int(plainCount)))
    }

    /// RFC 5958 section 2: version, algorithm, the key in its own form.
    private static func pkcs8(_ der: UnsafeRawBufferPointer) throws(OutOfMemory) -> OpaquePointer? {
        var outer = DERReader(der)
        guard let sequence = outer.next(0x30) else { return nil }
        var info = DERReader(sequence)
        guard info.next(0x02) != nil, let algorithm = info.next(0x30), let key = info.next(0x04) else { return nil }
        var parts = DERReader(algorithm)
        guard let identifier = parts.next(0x06) else { return nil }
        switch number(of: identifier) {
        case NID_rsaEncryption: return try rsa(key)
        case NID_X9_62_id_ecPublicKey:
            guard let curve = parts.next(0x06) else { return nil }
            return try elliptic(key, curve: curve)
        case NID_ED25519: return edwards(key, EVP_PKEY_ED25519)
        case NID_ED448: return edwards(key, EVP_PKEY_ED448)
        default: return nil
        }
    }

    /// RFC 8017 appendix A.1.2: version, then eight integers.
    private static func rsa(_ der: UnsafeRawBufferPointer) throws(OutOfMemory) -> OpaquePointer? {
        let names: [StaticString] = [
            "n", "e", "d", "rsa-factor1", "rsa-factor2", "rsa-exponent1", "rsa-exponent2", "rsa-coefficient1",
        ]
        var outer = DERReader(der)
        guard let sequence = outer.next(0x30) else { return nil }
        var reader = DERReader(sequence)
        // Version 1 has more than two primes.
        guard let version = reader.next(0x02), version.count == 1, version[0] == 0 else { return nil }
        var numbers: [(name: StaticString, bytes: SecretBytes)] = []
        for name in names {
            guard let bytes = reader.next(0x02) else { return nil }
            numbers.append((name, try native(bytes)))
        }
        return make("RSA", numbers: numbers)
    }

    /// RFC 5915 section 3: version, the number, perhaps the curve and the public point.
    private static func elliptic(
        _ der: UnsafeRawBufferPointer, curve: UnsafeRawBufferPointer?
    ) throws(OutOfMemory) -> OpaquePointer? {
        var outer = DERReader(der)
        guard let sequence = outer.next(0x30) else { return nil }
        var reader = DERReader(sequence)
        guard reader.next(0x02) != nil, let secret = reader.next(0x04) else { return nil }
        var curve = curve
        if let parameters = reader.next(0xa0) {
            var inner = DERReader(parameters)
            curve = inner.next(0x06) ?? curve
        }
        guard let curve, let name = OBJ_nid2sn(number(of: curve)), let wrapped = reader.next(0xa1) else { return nil }
        var inner = DERReader(wrapped)
        // A bit string's first byte says how many bits are left over: none.
        guard let point = inner.next(0x03), point.count > 1, point[0] == 0 else { return nil }
        return make(
            "EC", numbers: [("priv", try native(secret))], group: name,
            point: UnsafeRawBufferPointer(rebasing: point.dropFirst()))
    }

    /// RFC 8410 section 7.
    private static func edwards(_ der: UnsafeRawBufferPointer, _ type: Int32) -> OpaquePointer? {
        var reader = DERReader(der)
        guard let key = reader.next(0x04), let start = key.baseAddress else { return nil }
        return EVP_PKEY_new_raw_private_key(type, nil, start.assumingMemoryBound(to: UInt8.self), key.count)
    }

    private static func number(of identifier: UnsafeRawBufferPointer) -> Int32 {
        // d2i wants the whole value, which no identifier makes longer than this.
        guard identifier.count < 0x80 else { return NID_undef }
        let whole = [0x06, UInt8(identifier.count)] + Array(identifier)
        return whole.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            guard let object = d2i_ASN1_OBJECT(nil, &start, bytes.count) else { return NID_undef }
            defer { ASN1_OBJECT_free(object) }
            return OBJ_obj2nid(object)
        }
    }

    /// Integers in DER begin with their most significant byte, OpenSSL's parameters are in the machine's order.
    private static func native(_ bytes: UnsafeRawBufferPointer) throws(OutOfMemory) -> SecretBytes {
        let number = try SecretBytes.make(capacity: bytes.count, memory: .heap) { room in
            #if _endian(little)
                for index in 0..<bytes.count { room[index] = bytes[bytes.count - 1 - index] }
            #else
                room.copyMemory(from: bytes)
            #endif
            return bytes.count
        }
        return number ?? ""
    }

    private static func make(
        _ type: StaticString, numbers: [(name: StaticString, bytes: SecretBytes)],
        group: UnsafePointer<CChar>? = nil, point: UnsafeRawBufferPointer? = nil
    ) -> OpaquePointer? {
        guard let context = EVP_PKEY_CTX_new_from_name(nil, text(type), nil) else { return nil }
        defer { EVP_PKEY_CTX_free(context) }
        var parameters: [OSSL_PARAM] = []
        for number in numbers {
            // OpenSSL only reads them; they outlive the call, because `numbers` does.
            number.bytes.withBytes { bytes in
                let start = UnsafeMutableRawPointer(mutating: bytes.baseAddress)?.assumingMemoryBound(to: UInt8.self)
                parameters.append(OSSL_PARAM_construct_BN(text(number.name), start, bytes.count))
            }
        }
        if let group {
            parameters.append(OSSL_PARAM_construct_utf8_string(text("group"), UnsafeMutablePointer(mutating: group), 0))
        }
        if let point {
            parameters.append(
                OSSL_PARAM_construct_octet_string(
                    text("pub"), UnsafeMutableRawPointer(mutating: point.baseAddress), point.count))
        }
        parameters.append(OSSL_PARAM_construct_end())
        var key: OpaquePointer?
        let isMade = withExtendedLifetime(numbers) {
            EVP_PKEY_fromdata_init(context) == 1
                && EVP_PKEY_fromdata(context, &key, neuron_ws_EVP_PKEY_KEYPAIR(), &parameters) == 1
        }
        return isMade ? key : nil
    }

    private static func text(_ name: StaticString) -> UnsafePointer<CChar> {
        UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
    }
}
