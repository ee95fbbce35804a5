// SPDX-License-Identifier: Apache-2.0
// permessage-deflate: any bytes inflate within the limit or fail; what is deflated shrinks, and inflates to itself.
import NodeCore
import WebSocketCore

private let messageBytesMax = 1 << 16

private func agreed(_ choices: UInt8, _ bits: UInt8) -> DeflateParameters {
    var parameters = DeflateParameters()
    parameters.serverNoContextTakeover = choices & 1 != 0
    parameters.clientNoContextTakeover = choices & 2 != 0
    parameters.serverMaxWindowBits = 8 + Int(bits & 7)
    parameters.clientMaxWindowBits = 8 + Int(bits >> 3 & 7)
    return parameters
}

private func whole(
    _ bytes: UnsafeRawBufferPointer, _ inflater: Inflater, isText: Bool
) throws(ProtocolError) -> UnsafeRawBufferPointer {
    while true {
        if let message = try inflater.inflate(bytes, isText: isText) { return message }
    }
}

/// The rest as messages of a peer, in pieces of `size`.
private func inflateAll(_ input: UnsafeRawBufferPointer, _ parameters: DeflateParameters, size: Int, isText: Bool) {
    let inflater = Inflater(agreed: parameters, messageBytesMax: messageBytesMax)
    var start = 0
    while start < input.count {
        let end = min(start + size, input.count)
        do throws(ProtocolError) {
            require(try whole(input.piece(start..<end), inflater, isText: isText).count <= messageBytesMax, "too long")
            inflater.forget()
        } catch {
            return require(error != .outOfMemory, "out of memory")
        }
        start = end
    }
}

/// The rest as our messages, in pieces of `size`, to a peer that inflates what we deflate.
private func deflateAll(_ input: UnsafeRawBufferPointer, _ parameters: DeflateParameters, size: Int, level: Int) {
    let options = CompressionOptions(windowBits: 15, memoryLevel: level, contextTakeover: true, thresholdBytes: 0)
    guard let deflater = Deflater.make(agreed: parameters, options: options) else { return }
    var seenByPeer = DeflateParameters()
    seenByPeer.serverNoContextTakeover = parameters.clientNoContextTakeover
    seenByPeer.serverMaxWindowBits = parameters.clientMaxWindowBits
    let peer = Inflater(agreed: seenByPeer, messageBytesMax: messageBytesMax)
    var start = 0
    while start < input.count {
        let end = min(start + size, input.count)
        let message = input.piece(start..<end)
        var verdict = Deflater.Verdict.unfinished
        while verdict == .unfinished { verdict = deflater.deflate(message) }
        if verdict == .compressed {
            require(deflater.output.count < message.count, "it grew")
            do throws(ProtocolError) {
                let back = try whole(deflater.output, peer, isText: false)
                require(back.elementsEqual(message), "it came back different")
                peer.forget()
            } catch { require(false, "the peer says \(error)") }
        }
        start = end
    }
}

@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    var input = FuzzInput(data, size)
    let choices = input.byte()
    let parameters = agreed(choices, input.byte())
    let pieceBytes = 1 + Int(input.byte()) * 4
    inflateAll(input.rest, parameters, size: pieceBytes, isText: choices & 4 != 0)
    deflateAll(input.rest, parameters, size: pieceBytes, level: 1 + Int(choices >> 3) % 9)
    return 0
}
