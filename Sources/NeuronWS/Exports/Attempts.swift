// SPDX-License-Identifier: Apache-2.0
public import CNeuronWS
import NodeCore
import WebSocketCore

public typealias AttemptHandlePointer = UnsafeMutablePointer<neuron_ws_attempt_t>

private func withAttempt(
    _ handle: AttemptHandlePointer?, _ body: (Attempt) throws(NodeError) -> Void
) -> neuron_ws_status_t {
    guard let handle, let opaque = handle.pointee.opaque else { return failedNull("attempt") }
    do throws(NodeError) {
        try body(Unmanaged<Attempt>.fromOpaque(opaque).takeUnretainedValue())
        return .NEURON_WS_OK
    } catch { return failed(error) }
}

/// Of a header field, which is refused where it is longer.
private func fieldText(_ text: UnsafePointer<CChar>) -> UnsafeRawBufferPointer {
    boundedText(text, bytesMax: HandshakeResponseParser.fieldLineBytesMax)
}

@c @implementation
public func neuron_ws_attempt_set_url(
    _ attempt: AttemptHandlePointer?, _ url: UnsafePointer<CChar>?
) -> neuron_ws_status_t {
    guard let url else { return failedNull("url") }
    return withAttempt(attempt) { attempt throws(NodeError) in
        do throws(URLError) {
            let text = boundedText(url, bytesMax: WebSocketURL.maxURLBytes)
            attempt.url = try WebSocketURL.parse(String(decoding: text, as: UTF8.self), LoadedHostNames.shared)
        } catch { throw NodeError(error) }
    }
}

@c @implementation
public func neuron_ws_attempt_set_header(
    _ attempt: AttemptHandlePointer?, _ name: UnsafePointer<CChar>?, _ value: UnsafePointer<CChar>?
) -> neuron_ws_status_t {
    guard let name else { return failedNull("name") }
    return withAttempt(attempt) { attempt throws(NodeError) in
        let name = String(decoding: fieldText(name), as: UTF8.self)
        let value = value.map { SecretBytes(fieldText($0)) }
        do throws(HeaderError) {
            // One that is taken away needs no value, and Host has to have one.
            let checked = value ?? (Attempt.isSame(name, "Host") ? "none" : "")
            try checked.withBytes { value throws(HeaderError) in
                try HandshakeRequest.validate(headerName: name, value: value)
            }
        } catch { throw NodeError(error) }
        guard attempt.replaces(name) || attempt.headers.count < Attempt.headersMax else {
            throw NodeError.invalidArgument("more than \(Attempt.headersMax) headers for one attempt")
        }
        attempt.headers.removeAll { Attempt.isSame($0.name, name) }
        attempt.headers.append((name, value))
    }
}

@c @implementation
public func neuron_ws_attempt_set_token(
    _ attempt: AttemptHandlePointer?, _ token: UnsafePointer<CChar>?
) -> neuron_ws_status_t {
    guard let token else { return failedNull("token") }
    return withAttempt(attempt) { attempt throws(NodeError) in
        let token = SecretBytes(fieldText(token))
        do throws(HeaderError) {
            try SecretBytes.joined("Bearer ", token).withBytes { value throws(HeaderError) in
                try HandshakeRequest.validate(headerName: "Authorization", value: value)
            }
        } catch { throw NodeError(error, "the token cannot stand in a header: ") }
        guard !token.isEmpty else { throw NodeError.invalidArgument("the token is empty") }
        attempt.token = token
    }
}
