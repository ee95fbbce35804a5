// SPDX-License-Identifier: Apache-2.0
import CLinux
import COpenSSL
import WebSocketCore

/// What a certificate says, as text for people.
enum TLSCertificate {
    static func subject(_ certificate: OpaquePointer) -> ForeignText {
        text(X509_get_subject_name(certificate))
    }

    static func issuer(_ certificate: OpaquePointer) -> ForeignText {
        text(X509_get_issuer_name(certificate))
    }

    /// For example `2027-03-01 12:00:00 UTC`.
    static func notBefore(_ certificate: OpaquePointer) -> String {
        text(X509_get0_notBefore(certificate))
    }

    static func notAfter(_ certificate: OpaquePointer) -> String {
        text(X509_get0_notAfter(certificate))
    }

    /// Unix time in seconds; 0 where the date cannot be read.
    static func notAfterSeconds(_ certificate: OpaquePointer) -> Int64 {
        var parts = tm()
        guard let time = X509_get0_notAfter(certificate), ASN1_TIME_to_tm(time, &parts) == 1 else { return 0 }
        return Int64(timegm(&parts))
    }

    /// The names that it bears.
    static func names(_ certificate: OpaquePointer) -> TLSNames {
        var names = TLSNames()
        names.commonName = commonName(certificate)
        guard let raw = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else {
            // One that cannot be read is there all the same.
            names.hasAlternativeNames = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1) >= 0
            return names
        }
        names.hasAlternativeNames = true
        let list = OpaquePointer(raw)
        defer { GENERAL_NAMES_free(list) }
        for index in 0..<max(0, neuron_ws_sk_GENERAL_NAME_num(list)) {
            if let name = neuron_ws_sk_GENERAL_NAME_value(list, index) { add(name, to: &names) }
        }
        return names
    }

    private static func add(_ name: UnsafeMutablePointer<GENERAL_NAME>, to names: inout TLSNames) {
        switch name.pointee.type {
        case GEN_DNS:
            guard let text = foreign(name.pointee.d.dNSName) else { return }
            names.dns.append(text)
            names.all.append(shown(text))
        case GEN_IPADD:
            guard let address = bytes(name.pointee.d.iPAddress).flatMap(addressText) else { return }
            names.addresses.append(address)
            names.all.append(address)
        case GEN_URI:
            if let text = foreign(name.pointee.d.uniformResourceIdentifier) { names.all.append("URI \(shown(text))") }
        case GEN_EMAIL:
            if let text = foreign(name.pointee.d.rfc822Name) { names.all.append("mail address \(shown(text))") }
        default:
            names.all.append("a name of another kind")
        }
    }

    /// The most specific one; nil: there is none.
    private static func commonName(_ certificate: OpaquePointer) -> ForeignText? {
        let subject = X509_get_subject_name(certificate)
        var last: Int32 = -1
        while true {
            let next = X509_NAME_get_index_by_NID(subject, NID_commonName, last)
            if next < 0 { break }
            last = next
        }
        guard last >= 0, let entry = X509_NAME_get_entry(subject, last) else { return nil }
        return foreign(X509_NAME_ENTRY_get_data(entry))
    }

    private static func foreign(_ string: UnsafeMutablePointer<ASN1_STRING>?) -> ForeignText? {
        bytes(string).map { ForeignText($0) }
    }

    /// No DNS name is longer than 253 bytes (RFC 1035 §2.3.4).
    static func shown(_ name: ForeignText) -> String { name.shown(charactersMax: 253) }

    /// More than is ever shown of a subject.
    private static let subjectBytesMax = 4096

    /// SHA-256 of the SubjectPublicKeyInfo; empty if it cannot be had.
    static func keySHA256(_ certificate: OpaquePointer) -> [UInt8] {
        var encoded: UnsafeMutablePointer<UInt8>?
        let length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &encoded)
        guard length > 0, let encoded else { return [] }
        defer { CRYPTO_free(encoded, "", 0) }
        var digest = [UInt8](repeating: 0, count: 32)
        guard EVP_Digest(encoded, Int(length), &digest, nil, EVP_sha256(), nil) == 1 else { return [] }
        return digest
    }

    private static func addressText(_ address: [UInt8]) -> String? {
        guard address.count == 4 || address.count == 16 else { return nil }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { space in
            let family = address.count == 4 ? AF_INET : AF_INET6
            guard let start = space.baseAddress, inet_ntop(family, address, start, 64) != nil else { return nil }
            return String(cString: start)
        }
    }

    private static func bytes(_ string: UnsafeMutablePointer<ASN1_STRING>?) -> [UInt8]? {
        guard let string, let start = ASN1_STRING_get0_data(string) else { return nil }
        return Array(UnsafeBufferPointer(start: start, count: Int(max(0, ASN1_STRING_length(string)))))
    }

    /// RFC 4514 notation.
    private static func text(_ name: OpaquePointer?) -> ForeignText {
        guard let name, let bio = BIO_new(BIO_s_mem()) else { return "?" }
        defer { BIO_free(bio) }
        // XN_FLAG_RFC2253, but umlauts stay readable.
        let flags =
            UInt(ASN1_STRFLGS_ESC_2253 | ASN1_STRFLGS_UTF8_CONVERT)
            | UInt(XN_FLAG_SEP_COMMA_PLUS) | UInt(XN_FLAG_DN_REV)
        guard X509_NAME_print_ex(bio, name, 0, flags) >= 0 else { return "?" }
        let length = min(BIO_ctrl_pending(bio), subjectBytesMax)
        let bytes = [UInt8](unsafeUninitializedCapacity: length) { space, count in
            count = Int(max(0, BIO_read(bio, space.baseAddress, Int32(length))))
        }
        return bytes.isEmpty ? "(no subject)" : ForeignText(bytes)
    }

    private static func text(_ time: UnsafePointer<ASN1_TIME>?) -> String {
        var parts = tm()
        guard let time, ASN1_TIME_to_tm(time, &parts) == 1 else { return "an unreadable date" }
        let year = Int(parts.tm_year) + 1900
        return "\(year)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) UTC"
    }

    private static func two(_ number: Int32) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}
