// SPDX-License-Identifier: Apache-2.0
// The opening handshake, both halves: any bytes, whole and cut everywhere, come to the same.
import WebSocketCore

private let request = HandshakeRequest(
    url: try! WebSocketURL.parse("ws://server.example.com/chat"), key: Array("the sample nonce".utf8),
    subprotocols: ["chat", "superchat"], deflate: DeflateOffer())

private enum Outcome: Equatable {
    case incomplete
    case failed(HandshakeError)
    case answered(status: Int, reason: ForeignText, offset: Int, verdict: Verdict)
    case asked(resource: String, fields: [String], offset: Int)
}

private enum Verdict: Equatable {
    case good(NegotiatedConnection)
    case bad(HandshakeError)
}

private func verdict(_ response: HandshakeResponse) -> Verdict {
    do throws(HandshakeError) {
        return .good(try response.verified(against: request, wallSeconds: 0))
    } catch {
        require(!error.text.isEmpty, "an error without a text")
        return .bad(error)
    }
}

private func answer(_ input: UnsafeRawBufferPointer, _ cut: [Range<Int>]) -> Outcome {
    var parser = HandshakeResponseParser()
    for range in cut {
        var offset = 0
        do throws(HandshakeError) {
            guard let response = try parser.bytesReceived(input.piece(range).bytes, from: &offset) else {
                require(offset == range.count, "input left over")
                continue
            }
            require(response.status >= 100 && response.status <= 999, "status \(response.status)")
            if case .bad(.unexpectedStatus(_, _, let seconds?)) = verdict(response) {
                require(seconds >= 0, "Retry-After \(seconds)")
            }
            return .answered(
                status: response.status, reason: response.reason, offset: range.lowerBound + offset,
                verdict: verdict(response))
        } catch {
            return .failed(error)
        }
    }
    return .incomplete
}

private func question(_ input: UnsafeRawBufferPointer, _ cut: [Range<Int>]) -> Outcome {
    var parser = ServerHandshake()
    for range in cut {
        var offset = 0
        do throws(HandshakeError) {
            guard let asked = try parser.bytesReceived(input.piece(range).bytes, from: &offset) else { continue }
            _ = try? asked.accepted()
            return .asked(
                resource: asked.resource, fields: asked.fields.map { $0.name + ":" + $0.value },
                offset: range.lowerBound + offset)
        } catch {
            return .failed(error)
        }
    }
    return .incomplete
}

@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    var input = FuzzInput(data, size)
    let stride = Int(input.byte() & 63)
    let whole = [0..<input.rest.count]
    let answered = answer(input.rest, whole)
    let asked = question(input.rest, whole)
    for cut in cuts(input.rest.count, stride: stride) {
        require(answer(input.rest, cut) == answered, "the answer, in \(cut.count) pieces, means something else")
        require(question(input.rest, cut) == asked, "the request, in \(cut.count) pieces, means something else")
    }
    return 0
}
