// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

/// What the transport's failures mean for the node.
extension Ending {
    static func transport(_ error: TransportError) -> Ending {
        var ending = Ending(reason: reason(of: error.kind), text: error.detail)
        ending.tlsFailure = tlsFailure(of: error.kind)
        ending.systemError = error.systemErrno
        ending.isByPeer = isByPeer(error.kind)
        return ending
    }

    /// TLS's failures too: an alert says that the peer does not want to go on.
    private static func isByPeer(_ kind: TransportError.Kind) -> Bool {
        switch kind {
        case .reset, .brokenPipe, .endOfStream: true
        default: tlsFailure(of: kind) != .NEURON_WS_TLS_NONE
        }
    }

    private static func reason(of kind: TransportError.Kind) -> neuron_ws_reason_t {
        switch kind {
        case .dns: .NEURON_WS_REASON_DNS
        case .connectTimeout: .NEURON_WS_REASON_CONNECT_TIMEOUT
        case .endOfStream: .NEURON_WS_REASON_ABNORMAL
        default:
            tlsFailure(of: kind) == .NEURON_WS_TLS_NONE ? .NEURON_WS_REASON_NETWORK_ERROR : .NEURON_WS_REASON_TLS
        }
    }

    private static func tlsFailure(of kind: TransportError.Kind) -> neuron_ws_tls_failure_t {
        switch kind {
        case .tlsUnknownAuthority: .NEURON_WS_TLS_UNKNOWN_CA
        case .tlsSelfSigned: .NEURON_WS_TLS_SELF_SIGNED
        case .tlsExpired: .NEURON_WS_TLS_EXPIRED
        case .tlsNotYetValid: .NEURON_WS_TLS_NOT_YET_VALID
        case .tlsWrongName: .NEURON_WS_TLS_WRONG_NAME
        case .tlsRevoked: .NEURON_WS_TLS_REVOKED
        case .tlsPurpose, .tlsVerification: .NEURON_WS_TLS_VERIFICATION
        case .tlsClientCertificateRequired, .tlsClientCertificateRejected: .NEURON_WS_TLS_CLIENT_CERTIFICATE
        case .tlsNotTLS: .NEURON_WS_TLS_NOT_TLS
        case .tlsProtocol, .tlsTruncated, .tlsInternal: .NEURON_WS_TLS_PROTOCOL
        case .dns, .connectionRefused, .networkUnreachable, .hostUnreachable, .connectTimeout, .reset, .brokenPipe,
            .endOfStream, .network:
            .NEURON_WS_TLS_NONE
        }
    }
}
