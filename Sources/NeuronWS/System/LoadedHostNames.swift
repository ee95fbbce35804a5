// SPDX-License-Identifier: Apache-2.0
import CIDN2
import WebSocketCore

/// International host names by libidn2, where that is installed. Any thread.
final class LoadedHostNames: HostNames {
    static let shared = LoadedHostNames()

    private struct Functions: @unchecked Sendable {
        let toASCII: UnsafeMutableRawPointer
        let free: UnsafeMutableRawPointer
    }

    private let lock = Lock()
    nonisolated(unsafe) private var loaded: Functions?

    private init() {}

    /// Not at once, and anew until it is there: few hosts need it, and it may be installed meanwhile. It stays.
    private func functions() -> Functions? {
        if let loaded = lock.withLock({ loaded }) { return loaded }
        guard let library = dlopen("libidn2.so.0", RTLD_NOW | RTLD_LOCAL),
            let toASCII = dlsym(library, "idn2_to_ascii_8z"), let free = dlsym(library, "idn2_free")
        else { return nil }
        let found = Functions(toASCII: toASCII, free: free)
        lock.withLock { loaded = found }
        return found
    }

    func ascii(_ name: String) throws(HostNameFault) -> String {
        guard let functions = functions() else { throw .unavailable }
        var text: UnsafeMutablePointer<CChar>?
        let code = name.withCString { neuron_ws_idn2_to_ascii(functions.toASCII, $0, &text) }
        guard code == Int32(NEURON_WS_IDN2_OK), let text else { throw Self.fault(code) }
        defer { neuron_ws_idn2_free(functions.free, text) }
        return String(cString: text)
    }

    static func fault(_ code: Int32) -> HostNameFault {
        switch Int(code) {
        case NEURON_WS_IDN2_MALLOC, NEURON_WS_IDN2_NO_CODESET, NEURON_WS_IDN2_ICONV_FAIL,
            NEURON_WS_IDN2_ENCODING_ERROR:
            .unreadable
        // A label whose punycode does not fit into 63 bytes is told in two ways, which one depends on its beginning.
        case NEURON_WS_IDN2_TOO_BIG_LABEL, NEURON_WS_IDN2_PUNYCODE_BIG_OUTPUT, NEURON_WS_IDN2_PUNYCODE_OVERFLOW:
            .labelTooLong
        case NEURON_WS_IDN2_TOO_BIG_DOMAIN: .tooLong
        case NEURON_WS_IDN2_PUNYCODE_BAD_INPUT, NEURON_WS_IDN2_INVALID_ALABEL, NEURON_WS_IDN2_UALABEL_MISMATCH:
            .badASCIIForm
        case NEURON_WS_IDN2_BIDI: .mixedDirections
        // ALABEL_ROUNDTRIP_FAILED among them: a character that is none of a host's, a space or a sign.
        default: .disallowed
        }
    }
}
