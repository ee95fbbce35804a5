// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import WebSocketCore

/// Whether a server is connected to by a proxy, and by which: the settings `proxy` and `no-proxy`, or the environment.
public struct ProxyChoice: Sendable {
    /// The environment's variables, as far as they are there and not empty.
    public struct Environment: Sendable {
        public var http: SecretBytes?
        public var https: SecretBytes?
        public var all: SecretBytes?
        public var none: String?

        public init() {}
    }

    private let setting: ProxySetting
    private let environment: Environment
    private let exceptions: NoProxyList
    private let names: (any HostNames)?

    /// - Parameters:
    ///   - environment: is looked at where the setting says so.
    ///   - exceptions: beside those of the environment.
    ///   - names: for names beyond ASCII in the environment.
    public init(
        _ setting: ProxySetting, _ environment: Environment, _ exceptions: NoProxyList, _ names: (any HostNames)? = nil
    ) {
        self.names = names
        self.setting = setting
        self.environment = environment
        self.exceptions = exceptions
    }

    /// Nil: none.
    public func proxy(for url: WebSocketURL) throws(Ending) -> Proxy? {
        // A socket of this host is behind nobody.
        if url.unixPath != nil || exceptions.contains(host: url.host, port: url.port) { return nil }
        switch setting {
        case .none: return nil
        case .proxy(let proxy): return proxy
        case .environment:
            let list = environment.none.map { NoProxyList.parse(environment: $0, names) } ?? .none
            if list.contains(host: url.host, port: url.port) { return nil }
            let own = url.isSecure ? environment.https : environment.http
            guard let text = own ?? environment.all else { return nil }
            switch Proxy.parse(text, names, isLenient: true) {
            case .success(let proxy): return proxy
            case .failure(let error):
                let name = own == nil ? "all_proxy" : url.isSecure ? "https_proxy" : "http_proxy"
                throw Ending(
                    reason: .NEURON_WS_REASON_PROXY, text: "The environment variable \(name) \(error.text).")
            }
        }
    }
}
