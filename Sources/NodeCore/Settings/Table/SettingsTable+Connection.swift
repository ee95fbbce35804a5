// SPDX-License-Identifier: Apache-2.0
extension SettingsTable {
    static let handshake: [SettingDescriptor] = [
        SettingDescriptor(
            .username, .text(bytesMax: 1024), shown: .always, reconnects: true,
            BilingualText("Username", "用户名"),
            BilingualText("With password: Basic authentication at the handshake.", "与密码一起用于握手时的 Basic 认证。")),
        SettingDescriptor(
            .password, .text(bytesMax: 4096), shown: .always, secret: true, reconnects: true,
            BilingualText("Password", "密码"), BilingualText("The password of username.", "用户名对应的密码。")),
        SettingDescriptor(
            .token, .text(bytesMax: 16384), shown: .always, secret: true, reconnects: true,
            BilingualText("Token", "令牌"),
            BilingualText(
                "Bearer authentication at the handshake, instead of username.", "握手时的 Bearer 认证，代替用户名和密码。")),
        SettingDescriptor(
            .headers, .pairs(countMax: 64, bytesMax: 8192), secret: true, reconnects: true,
            BilingualText("Headers", "请求头"),
            BilingualText(
                "An object of further headers of the handshake, {\"name\":\"value\"}. Host takes the place "
                    + "of the URL's; ${device-id} in a value, or any other setting's name, is that setting's value.",
                "握手时附加的请求头对象，{\"名称\":\"值\"}。Host 代替 URL 中的主机；值中的 ${device-id} 等设置名称会替换为该设置的值。")),
        SettingDescriptor(
            .subprotocols, .texts(countMax: 32, bytesMax: 128), reconnects: true,
            BilingualText("Subprotocols", "子协议"),
            BilingualText(
                "An array of the subprotocols offered, the preferred one first.", "提供的子协议数组，优先的在前。")),
        SettingDescriptor(
            .origin, .text(bytesMax: 1024), reconnects: true,
            BilingualText("Origin", "Origin"),
            BilingualText("The Origin header; none if absent.", "Origin 请求头；不填则不发送。")),
        SettingDescriptor(
            .userAgent, .text(bytesMax: 1024), reconnects: true,
            BilingualText("User agent", "User-Agent"),
            BilingualText(
                "The User-Agent header; neuron_ws and its version if absent.",
                "User-Agent 请求头；不填则为 neuron_ws 及其版本。")),
    ]

    static let security: [SettingDescriptor] = [
        SettingDescriptor(
            .certificateAuthorities, .file(bytesMax: 1 << 20), shown: .forTLS, reconnects: true,
            BilingualText("CA certificates", "CA 证书"),
            BilingualText(
                "The certificates that may have signed the server's, with revocation lists if need be; the "
                    + "system's store if absent.",
                "可信的服务器证书签发者；不填则使用系统证书库。")),
        SettingDescriptor(
            .certificate, .file(bytesMax: 1 << 20), shown: .forTLS, reconnects: true,
            BilingualText("Client certificate", "客户端证书"),
            BilingualText(
                "Our certificate, with those between it and the CA, where the server asks for one.",
                "服务器要求时使用的客户端证书（含中间证书）。")),
        SettingDescriptor(
            .privateKey, .file(bytesMax: 1 << 20), shown: .forTLS, secret: true, reconnects: true,
            BilingualText("Client private key", "客户端私钥"), BilingualText("The key of cert.", "客户端证书的私钥。")),
        SettingDescriptor(
            .privateKeyPassword, .text(bytesMax: 1024), shown: .forTLS, secret: true, reconnects: true,
            BilingualText("Private key password", "私钥密码"),
            BilingualText("What key is encrypted with.", "私钥的加密密码。")),
        SettingDescriptor(
            .tlsMinVersion,
            .choice([SettingChoice("1.2", 12, decimal: 1.2), SettingChoice("1.3", 13, decimal: 1.3)]),
            .value(.integer(12)), reconnects: true,
            BilingualText("TLS version at least", "TLS 最低版本"),
            BilingualText("The oldest TLS that is spoken.", "允许的最低 TLS 版本。")),
        SettingDescriptor(
            .tlsCiphers, .text(bytesMax: 4096), reconnects: true,
            BilingualText("TLS ciphers", "TLS 加密套件"),
            BilingualText(
                "OpenSSL's cipher list for TLS 1.2; OpenSSL's own if absent.",
                "TLS 1.2 的 OpenSSL 加密套件列表；不填则使用 OpenSSL 默认值。")),
        SettingDescriptor(
            .tlsServerName, .text(bytesMax: 255), reconnects: true,
            BilingualText("TLS server name", "TLS 服务器名称"),
            BilingualText(
                "The name that the server's certificate must have; the URL's host if absent.",
                "服务器证书须包含的名称；不填则为 URL 中的主机。")),
        SettingDescriptor(
            .tlsVerify, .boolean, .value(.boolean(true)), reconnects: true,
            BilingualText("Verify the server", "校验服务器证书"),
            BilingualText(
                "False takes every certificate, a forger's included; for tests only.",
                "false 会接受任何证书，包括伪造的；仅用于测试。")),
        SettingDescriptor(
            .tlsAllowCN, .boolean, .value(.boolean(false)), reconnects: true,
            BilingualText("Allow common name", "允许通用名称"),
            BilingualText(
                "True takes a server's name from its certificate's common name where there is no subject alternative "
                    + "name, as old plant servers have it.",
                "true 时，若证书没有使用者可选名称，则接受通用名称（CN）中的服务器名称，用于旧设备服务器。")),
        SettingDescriptor(
            .tlsALPN, .texts(countMax: 16, bytesMax: 255), reconnects: true,
            BilingualText("TLS ALPN", "TLS ALPN"),
            BilingualText(
                "An array of the protocols offered in TLS; none if absent.", "TLS 中提供的协议数组；不填则不提供。")),
    ]

    static let network: [SettingDescriptor] = [
        SettingDescriptor(
            .proxy, .text(bytesMax: 2048), secret: true, reconnects: true,
            BilingualText("Proxy", "代理"),
            BilingualText(
                "The proxy that leads to the server, http://[user:password@]host:port, https://… or socks5h://…; env: "
                    + "as the environment's http_proxy, https_proxy, all_proxy and no_proxy say; none, as if absent.",
                "通往服务器的代理，http://[用户:密码@]主机:端口、https://… 或 socks5h://…；env 表示使用环境变量 http_proxy、"
                    + "https_proxy、all_proxy 和 no_proxy；none 或不填表示不使用代理。")),
        SettingDescriptor(
            .noProxy, .texts(countMax: 256, bytesMax: 300), reconnects: true,
            BilingualText("Without proxy", "不使用代理的服务器"),
            BilingualText(
                "Servers that are connected to directly: names with all below them, .suffixes, addresses, networks "
                    + "such as 10.0.0.0/8, each perhaps with :port, or * for all.",
                "直接连接的服务器：名称（含其下级）、.后缀、地址、10.0.0.0/8 之类的网段，可带 :端口；* 表示全部。")),
        SettingDescriptor(
            .bindInterface, .text(bytesMax: 15), reconnects: true,
            BilingualText("Network interface", "网络接口"),
            BilingualText("The interface to connect through, eth1.", "连接所用的网络接口，例如 eth1。")),
        SettingDescriptor(
            .sourceAddress, .text(bytesMax: 45), reconnects: true,
            BilingualText("Source address", "源地址"),
            BilingualText("The local address to connect from.", "连接所用的本地地址。")),
        SettingDescriptor(
            .ipVersion, .choice([SettingChoice("any", 0), SettingChoice("4", 4), SettingChoice("6", 6)]),
            .value(.integer(0)), reconnects: true,
            BilingualText("IP version", "IP 版本"),
            BilingualText("Which of the server's addresses are used.", "使用服务器的哪类地址。")),
        SettingDescriptor(
            .tcpNoDelay, .boolean, .value(.boolean(true)), reconnects: false,
            BilingualText("TCP_NODELAY", "TCP_NODELAY"),
            BilingualText(
                "True sends small messages at once; false lets the kernel gather them.",
                "true 立即发送小消息；false 由内核合并后发送。")),
        SettingDescriptor(
            .logLevel,
            .choice([
                SettingChoice("debug", 0), SettingChoice("info", 1), SettingChoice("notice", 2),
                SettingChoice("warn", 3), SettingChoice("error", 4), SettingChoice("fatal", 5), SettingChoice("off", 6),
            ]), .value(.integer(1)), reconnects: false,
            BilingualText("Log level", "日志级别"), BilingualText("The least that is logged.", "记录日志的最低级别。")),
        SettingDescriptor(
            .advanced, .boolean, .value(.boolean(false)), shown: .always, reconnects: false,
            BilingualText("Advanced settings", "高级设置"),
            BilingualText(
                "Only for the gateway's form: true shows the settings that few need. They are in force either way.",
                "仅用于网关的表单：true 显示少数用户才需要的设置；无论是否显示，这些设置都生效。")),
    ]
}
