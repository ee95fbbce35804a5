// SPDX-License-Identifier: Apache-2.0
import CLinux
import NodeCore
import WebSocketCore

/// The process's environment, read on the host's threads alone: a host that changes it meanwhile is the host's fault.
enum Environment {
    /// The variables of proxies, each in small letters or, if that one is not there, in capitals.
    /// - Parameter value: of a variable; nil: it is not there, or empty.
    static func proxies(_ value: (String) -> SecretBytes? = value) -> ProxyChoice.Environment {
        var environment = ProxyChoice.Environment()
        // A CGI server puts the client's header "Proxy" into HTTP_PROXY.
        environment.http = value("http_proxy") ?? (value("REQUEST_METHOD") == nil ? value("HTTP_PROXY") : nil)
        environment.https = value("https_proxy") ?? value("HTTPS_PROXY")
        environment.all = value("all_proxy") ?? value("ALL_PROXY")
        environment.none = (value("no_proxy") ?? value("NO_PROXY"))?.withBytes { String(decoding: $0, as: UTF8.self) }
        return environment
    }

    /// Nil: it is not there, or empty.
    static func value(_ name: String) -> SecretBytes? {
        guard let text = getenv(name) else { return nil }
        let bytes = UnsafeRawBufferPointer(start: text, count: strlen(text))
        return bytes.isEmpty ? nil : SecretBytes(bytes)
    }
}
