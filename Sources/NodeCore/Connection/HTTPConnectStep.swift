// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// HTTP CONNECT (RFC 9110 §9.3.6) as a step: a head out, a head in. What the proxy sends behind a refusal is not read:
/// the connection ends.
struct HTTPConnectStep: NegotiationStep {
    var output: StepOutput
    private(set) var httpStatus = 0
    private var parser = HandshakeResponseParser()

    init(_ url: WebSocketURL, authorization: SecretBytes?, userAgent: String?) {
        let target = ProxyAuthentication.target(of: url)
        var head = HTTPHeadWriter(startLine: "CONNECT " + target + " HTTP/1.1")
        head.field("Host", target)
        if let userAgent { head.field("User-Agent", userAgent) }
        if let authorization { head.field("Proxy-Authorization", authorization) }
        output = StepOutput(head.finished())
    }

    mutating func bytesReceived(_ input: RawSpan, from offset: inout Int, wallSeconds: Int64) -> StepProgress {
        do throws(HandshakeError) {
            guard let response = try parser.bytesReceived(input, from: &offset) else { return .needsBytes }
            httpStatus = response.status
            switch response.status {
            // RFC 9110 §9.3.6: any 2xx, and no body behind it whatever its fields say.
            case 200...299: return .done(nil)
            case 407:
                return .failed(.proxy(.authenticationRequired(response.value(of: "Proxy-Authenticate") ?? "")))
            default:
                return .failed(
                    .proxy(
                        .refused(
                            status: response.status, reason: response.reason,
                            retryAfterSeconds: response.retryAfterSeconds(wallSeconds: wallSeconds))))
            }
        } catch {
            return .failed(.proxy(.malformed(error)))
        }
    }
}
