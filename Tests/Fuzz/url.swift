// SPDX-License-Identifier: Apache-2.0
// URLs: what is taken can be put into a request, means the same when it is written again, and shows no query.
import NodeCore
import WebSocketCore

/// Of a query only the names are shown.
private func checkShown(_ shown: String) {
    guard let query = shown.utf8.firstIndex(of: UInt8(ascii: "?")) else { return }
    for item in shown.utf8[query...].dropFirst().split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
        let value = item.firstIndex(of: UInt8(ascii: "=")).map { item[$0...].dropFirst() } ?? item
        require(value.elementsEqual("…".utf8), "\(shown) shows a value")
    }
}

@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    let text = FuzzInput(data, size).restAsText
    do throws(URLError) {
        let url = try WebSocketURL.parse(text)
        require(url.port != 0 && !url.host.utf8.isEmpty, "no port or no host")
        require(url.resource.utf8.first == UInt8(ascii: "/"), "resource \(url.resource)")
        for byte in url.resource.utf8 { require(byte > 0x20 && byte != 0x7F, "byte \(byte) in the resource") }
        for byte in url.hostHeader.utf8 { require(byte > 0x20 && byte < 0x7F, "byte \(byte) in Host") }
        let again =
            url.unixPath.map { "ws+unix://\($0):\(url.resource)" }
            ?? (url.isSecure ? "wss://" : "ws://") + url.hostHeader + url.resource
        // The zone of an IPv6 address does not stand in the Host header (RFC 6874 §3).
        if !url.host.utf8.contains(UInt8(ascii: "%")) {
            let second = try? WebSocketURL.parse(again)
            require(second == url || again.utf8.count > WebSocketURL.maxURLBytes, "\(again) is another URL")
        }
        let request = HandshakeRequest(url: url, key: [UInt8](repeating: 7, count: HandshakeRequest.keyBytes))
        var handshake = ServerHandshake()
        var offset = 0
        let encoded = request.encoded().withBytes { Array($0) }
        if url.resource.utf8.count < 900 {
            let asked = try? handshake.bytesReceived(encoded.span.bytes, from: &offset)
            require(asked?.resource == url.resource, "the request asks for another resource")
        }
        checkShown(url.redacted)
    } catch {
        require(!error.text.isEmpty, "an error without a text")
    }
    return 0
}
