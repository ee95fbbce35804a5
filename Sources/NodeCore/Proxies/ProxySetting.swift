// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// The setting `proxy`.
public enum ProxySetting: Equatable, Sendable {
    case none
    case environment
    case proxy(Proxy)

    static func parse(_ text: SecretBytes, _ names: (any HostNames)? = nil) -> Result<ProxySetting, ProxyTextError> {
        if text == "none" || text.isEmpty { return .success(.none) }
        if text == "env" { return .success(.environment) }
        return Proxy.parse(text, names).map { .proxy($0) }
    }
}
