// SPDX-License-Identifier: Apache-2.0
import NodeCore
import WebSocketCore

/// The settings' certificates and keys, read: from the settings themselves or from files, which may be replaced.
struct TLSMaterial {
    private(set) var tls = TLSSettings()
    /// What is taken, but should not be so; each goes on from a setting's name.
    private(set) var warnings: [String] = []
    /// Those that were read, as they were then.
    private var files: [FileStamp] = []

    static let none = TLSMaterial()

    private init() {}

    init(_ settings: NodeSettings) throws(TLSConfigurationError) {
        tls.ca = try withoutKeys(try pem(settings.certificateAuthorities, "ca"), "ca")
        tls.keyPassword = settings.privateKeyPassword
        try readIdentity(settings)
        tls.verify = settings.tlsVerify
        tls.allowsCommonName = settings.tlsAllowsCommonName
        tls.minimumVersion = settings.requiresTLS13 ? .tls13 : .tls12
        tls.ciphers = settings.tlsCiphers
        tls.alpn = settings.tlsALPN
        tls.pins = settings.tlsPins
        tls.keyLog = settings.tlsKeyLog
        tls.timeFloor = settings.tlsTimeFloor
    }

    /// What is wrong with each certificate and key by itself.
    static func faults(_ settings: NodeSettings) -> [TLSConfigurationError] {
        var faults: [TLSConfigurationError] = []
        var material = TLSMaterial()
        let texts = [
            ("ca", settings.certificateAuthorities), ("cert", settings.certificate), ("key", settings.privateKey),
        ]
        for (key, text) in texts {
            if key == "key", let text, TLSKeyStore.isURI(text) { continue }
            do throws(TLSConfigurationError) {
                _ = try material.pem(text, key, takesPKCS12: key == "cert")
            } catch { faults.append(error) }
        }
        return faults
    }

    private mutating func readIdentity(_ settings: NodeSettings) throws(TLSConfigurationError) {
        let certificate = try pem(settings.certificate, "cert", takesPKCS12: true)
        if let certificate, certificate.isPKCS12 {
            if settings.privateKey != nil {
                throw TLSConfigurationError(
                    key: "key", detail: "stands beside cert, which is PKCS #12 and holds the key: take key out")
            }
            let (chain, key) = try TLSPKCS12.open(certificate.pem, password: settings.privateKeyPassword)
            tls.certificate = chain
            tls.key = key
            return
        }
        tls.certificate = try withoutKeys(certificate, "cert")
        if let key = settings.privateKey, TLSKeyStore.isURI(key) {
            tls.keyURI = key
        } else {
            tls.key = try pem(settings.privateKey, "key")?.pem
        }
    }

    private func withoutKeys(_ source: PEMSource?, _ key: String) throws(TLSConfigurationError) -> SecretBytes? {
        do throws(OutOfMemory) {
            return try source?.pem.withBytes { text throws(OutOfMemory) in try PEMBlock.withoutKeys(text) }
        } catch { throw .noMemory(key) }
    }

    private mutating func pem(
        _ text: SecretBytes?, _ key: String, takesPKCS12: Bool = false
    ) throws(TLSConfigurationError) -> PEMSource? {
        guard let text else { return nil }
        do throws(PEMSourceError) {
            let source = try PEMSource.decode(text: text, takesPKCS12: takesPKCS12)
            if let warning = source.warning { warnings.append("\"\(key)\" \(warning)") }
            if let file = source.file { files.append(file) }
            return source
        } catch {
            throw TLSConfigurationError(key: key, detail: error.detail, isOutOfMemory: error.isOutOfMemory)
        }
    }

    /// The names of files that are not what was read; what they are now counts as seen.
    mutating func takeReplaced() -> [String] {
        let present = files.map { FileStamp.of($0.path) }
        let replaced = zip(files, present).filter { $0 != $1 }.map { $0.0.path }
        files = present
        return replaced
    }
}
