// SPDX-License-Identifier: Apache-2.0
public import WebSocketCore

extension WebSocketURL {
    /// As it may be shown: its query's values, which may hold keys, are "…".
    public var redacted: String {
        var text: [UInt8] = Array((isSecure ? "wss://" : "ws://").utf8)
        if let path = unixPath {
            text = Array("ws+unix://\(path):".utf8)
        } else {
            text.append(contentsOf: shownAuthority.utf8)
        }
        let parts = Array(resource.utf8).split(
            separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        if let path = parts.first { text.append(contentsOf: path) }
        guard parts.count == 2 else { return String(decoding: text, as: UTF8.self) }
        var separator = UInt8(ascii: "?")
        for item in parts[1].split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
            text.append(separator)
            separator = UInt8(ascii: "&")
            // Without a sign the item may be the key itself.
            if let sign = item.firstIndex(of: UInt8(ascii: "=")) { text.append(contentsOf: item[...sign]) }
            text.append(contentsOf: "…".utf8)
        }
        return String(decoding: text, as: UTF8.self)
    }
}
