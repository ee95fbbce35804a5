// SPDX-License-Identifier: Apache-2.0
extension SettingsTable {
    static let redirection: [SettingDescriptor] = [
        SettingDescriptor(
            .redirects, .integer(from: 0, to: 20), .value(.integer(0)), reconnects: true,
            BilingualText("Redirects", "重定向"),
            BilingualText(
                "How many redirects of the server are followed in one attempt, never from wss to ws, and to another "
                    + "host without credentials; 0: none.",
                "一次连接尝试中跟随服务器重定向的次数；绝不从 wss 转到 ws，转到其他主机时不带凭据；0 表示不跟随。"))
    ]

    /// How we come to believe that the server is the right one, beyond what most need.
    static let trust: [SettingDescriptor] = [
        SettingDescriptor(
            .tlsVerifyName, .text(bytesMax: 255), reconnects: true,
            BilingualText("Verified name", "校验名称"),
            BilingualText(
                "The name or address that the server's certificate must have, where it is not the one that the "
                    + "server is asked for (tls-server-name, or the URL's host).",
                "服务器证书须包含的名称或地址；仅当它与请求的名称（tls-server-name 或 URL 中的主机）不同时填写。")),
        SettingDescriptor(
            .tlsPins, .texts(countMax: 16, bytesMax: 128), reconnects: true,
            BilingualText("TLS pins", "TLS 公钥固定"),
            BilingualText(
                "SHA-256 of public keys (SubjectPublicKeyInfo), in base64 or hexadecimal digits, one of which the "
                    + "server's certificate must have, beside all else; any if absent.",
                "公钥（SubjectPublicKeyInfo）的 SHA-256，base64 或十六进制；服务器证书的公钥须是其中之一；不填则不限。")),
        SettingDescriptor(
            .tlsKeyLog, .text(bytesMax: 4096), reconnects: true,
            BilingualText("TLS key log", "TLS 密钥日志"),
            BilingualText(
                "A file to which the secrets of each TLS connection are appended, for Wireshark (SSLKEYLOGFILE's "
                    + "format): whoever has it can read the traffic. For tests only.",
                "将每个 TLS 连接的密钥追加到此文件，供 Wireshark 使用；持有该文件者可解密流量，仅用于测试。")),
        SettingDescriptor(
            .tlsTimeFloor, .text(bytesMax: 10), reconnects: true,
            BilingualText("Earliest date", "最早日期"),
            BilingualText(
                "For hosts without a clock: the server's certificate is checked as of this day, YYYY-MM-DD, while the "
                    + "host's clock is before it.",
                "用于没有时钟的主机：当主机时钟早于此日期（YYYY-MM-DD）时，按此日期校验服务器证书。")),
    ]
}
