// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// The URLs of the settings, from `url` or from `host`, `port`, `tls` and `path`.
public enum SettingsURL {
    /// The URLs in the order of the document; problems go to `parser`, and the answer is then not to be used.
    static func urls(_ parser: inout SettingsParser) -> [WebSocketURL] {
        if case .texts(let texts) = parser.given(.url) {
            for key in [SettingKey.host, .port, .tls, .path] where parser.given(key) != nil {
                parser.refuse(key, "stands beside \"url\"; give one or the other")
            }
            var urls: [WebSocketURL] = []
            for (index, text) in texts.enumerated() {
                let place = texts.count == 1 ? "" : "at \(index) "
                append(text, to: &urls, .url, place, &parser)
            }
            return urls
        }
        // A URL that was given and refused is not missing.
        if parser.isRefused(.url) || parser.isRefused(.host) || parser.isServerRefused { return [] }
        guard case .text(let host) = parser.given(.host) else {
            let takes = "ws://host[:port][/path][?query] or wss://…"
            parser.refuse(.url, "is missing; it takes \(takes)")
            return []
        }
        guard let text = composed(host: host, &parser) else { return [] }
        var urls: [WebSocketURL] = []
        append(text, to: &urls, .host, "", &parser)
        return urls
    }

    private static func composed(host: String, _ parser: inout SettingsParser) -> String? {
        for byte in host.utf8 where byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "@")
        {
            parser.refuse(.host, "holds more than a host; it takes a name or an address, and \"url\" takes the rest")
            return nil
        }
        let isVersion6 = IPAddressText.parse(host) == .version6
        if host.utf8.contains(UInt8(ascii: ":")) && !isVersion6 && host.utf8.first != UInt8(ascii: "[") {
            parser.refuse(.host, "holds a colon; give the port as \"port\"")
            return nil
        }
        var text = parser.effective(.tls) == .boolean(true) ? "wss://" : "ws://"
        text += isVersion6 ? "[" + host + "]" : host
        if case .integer(let port) = parser.given(.port) { text += ":\(port)" }
        guard case .text(let path) = parser.effective(.path) else { return text }
        return text + (path.utf8.first == UInt8(ascii: "/") ? "" : "/") + path
    }

    private static func append(
        _ text: String, to urls: inout [WebSocketURL], _ key: SettingKey, _ place: String,
        _ parser: inout SettingsParser
    ) {
        do throws(URLError) {
            urls.append(try WebSocketURL.parse(text, parser.names))
        } catch { parser.refuse(key, "\(place)cannot be used: \(HandshakeText.clause(error.text))") }
    }
}
