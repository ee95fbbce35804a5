// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import WebSocketCore

/// What verification found wrong, about which certificate.
struct TLSVerificationFailure {
    /// An `X509_V_ERR_` number.
    let code: Int32
    /// 0: the server's own certificate.
    let depth: Int32
    let subject: ForeignText
    let issuer: ForeignText
    let notBefore: String
    let notAfter: String
    let names: TLSNames
}

/// Each step of OpenSSL's verification (RFC 5280), and what we forgive or forbid beyond it.
extension TLSSession {
    /// Called for each certificate that is fine, and for each fault. False: the handshake ends.
    static func verificationStep(_ isFine: Bool, _ storeContext: OpaquePointer) -> Bool {
        let ssl = X509_STORE_CTX_get_ex_data(storeContext, SSL_get_ex_data_X509_STORE_CTX_idx())
        guard let session = of(ssl.map { OpaquePointer($0) }),
            let certificate = X509_STORE_CTX_get_current_cert(storeContext)
        else { return isFine }
        let depth = X509_STORE_CTX_get_error_depth(storeContext)
        if isFine {
            guard depth == 0, let code = session.commonNameProblem(certificate, storeContext) else { return true }
            X509_STORE_CTX_set_error(storeContext, code)
        } else if session.isForgiven(X509_STORE_CTX_get_error(storeContext), depth, certificate) {
            X509_STORE_CTX_set_error(storeContext, X509_V_OK)
            return true
        }
        session.verificationFailed(
            TLSVerificationFailure(
                code: X509_STORE_CTX_get_error(storeContext), depth: depth,
                subject: TLSCertificate.subject(certificate), issuer: TLSCertificate.issuer(certificate),
                notBefore: TLSCertificate.notBefore(certificate), notAfter: TLSCertificate.notAfter(certificate),
                names: TLSCertificate.names(certificate)))
        return false
    }

    private func isForgiven(_ code: Int32, _ depth: Int32, _ certificate: OpaquePointer) -> Bool {
        switch code {
        case X509_V_ERR_UNABLE_TO_GET_CRL:
            // The server's certificate needs a list of its authority's. Those above may have none, and one that signs
            // itself can be in none but its own.
            return depth > 0 || X509_get_extension_flags(certificate) & UInt32(EXFLAG_SS) != 0
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            // OpenSSL looks for host names only in the common name; `commonNameProblem` sees to the rest.
            let names = TLSCertificate.names(certificate)
            return allowsCommonName && !names.hasAlternativeNames && names.commonName == ForeignText(nameAskedFor)
        default:
            return false
        }
    }

    /// With tls-allow-cn OpenSSL takes the common name also beside a subject alternative name without host names, and
    /// looks at name constraints only where it has a dot. Nil: it was not needed, or may be used.
    private func commonNameProblem(_ certificate: OpaquePointer, _ storeContext: OpaquePointer) -> Int32? {
        guard allowsCommonName else { return nil }
        if TLSCertificate.names(certificate).hasAlternativeNames {
            let name = nameAskedFor
            let isRight =
                isAddressAskedFor
                || X509_check_host(certificate, name, name.utf8.count, TLSContext.hostFlags(), nil) == 1
            return isRight ? nil : X509_V_ERR_HOSTNAME_MISMATCH
        }
        let chain = X509_STORE_CTX_get0_chain(storeContext)
        for index in 0..<max(0, neuron_ws_sk_X509_num(chain)) {
            guard let link = neuron_ws_sk_X509_value(chain, index) else { continue }
            // Whether an authority's limits hold for a common name nobody can say.
            if X509_get_ext_by_NID(link, NID_name_constraints, -1) >= 0 { return X509_V_ERR_PERMITTED_VIOLATION }
        }
        isKnownByCommonName = true
        return nil
    }
}
