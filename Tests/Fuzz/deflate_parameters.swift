// SPDX-License-Identifier: Apache-2.0
// Sec-WebSocket-Extensions as a server answers it: refused with a reason, or parameters that zlib can be told, which
// written again mean the same.
import NodeCore
import WebSocketCore

private let request = HandshakeRequest(
    url: try! WebSocketURL.parse("ws://server.example.com/chat"), key: Array("the sample nonce".utf8),
    deflate: DeflateOffer())

private let start =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    + "Sec-WebSocket-Accept: \(request.expectedAccept)\r\nSec-WebSocket-Extensions: "

private func agreed(_ extensions: [UInt8]) throws(HandshakeError) -> DeflateParameters? {
    let bytes = Array(start.utf8) + extensions + Array("\r\n\r\n".utf8)
    var parser = HandshakeResponseParser()
    var offset = 0
    return try parser.bytesReceived(bytes.span.bytes, from: &offset)?.verified(against: request, wallSeconds: 0).deflate
}

@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    do throws(HandshakeError) {
        guard let parameters = try agreed(Array(FuzzInput(data, size).rest)) else { return 0 }
        require((8...15).contains(parameters.serverMaxWindowBits), "\(parameters)")
        require((8...15).contains(parameters.clientMaxWindowBits), "\(parameters)")
        require(try agreed(Array(parameters.text.utf8)) == parameters, "\(parameters.text) means something else")
        let options = CompressionOptions(windowBits: 15, memoryLevel: 8, contextTakeover: true, thresholdBytes: 0)
        let deflater = Deflater.make(agreed: parameters, options: options)
        require((deflater == nil) == (parameters.clientMaxWindowBits == 8), "\(parameters)")
    } catch {
        require(!error.text.isEmpty, "refused without a reason")
    }
    return 0
}
