// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import Testing

@testable import NeuronWS

@Suite struct EndingTransportTests {
    @Test(arguments: TransportError.Kind.allCases) func eachFailureHasItsReason(kind: TransportError.Kind) {
        let ending = Ending.transport(TransportError(kind, systemErrno: 7, "so it was"))
        #expect(ending.text == "so it was" && ending.systemError == 7)
        let isTLS = kind.rawValue >= TransportError.Kind.tlsUnknownAuthority.rawValue
        #expect((ending.tlsFailure != .NEURON_WS_TLS_NONE) == isTLS)
        #expect((ending.reason == .NEURON_WS_REASON_TLS) == isTLS)
        switch kind {
        case .dns: #expect(ending.reason == .NEURON_WS_REASON_DNS && !ending.isByPeer)
        case .connectTimeout: #expect(ending.reason == .NEURON_WS_REASON_CONNECT_TIMEOUT && !ending.isByPeer)
        case .endOfStream: #expect(ending.reason == .NEURON_WS_REASON_ABNORMAL && ending.isByPeer)
        case .reset, .brokenPipe: #expect(ending.reason == .NEURON_WS_REASON_NETWORK_ERROR && ending.isByPeer)
        default: #expect(ending.isByPeer == isTLS)
        }
    }
}
