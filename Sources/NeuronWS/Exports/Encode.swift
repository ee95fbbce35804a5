// SPDX-License-Identifier: Apache-2.0
public import CNeuronWS
import NodeCore

@c @implementation
public func neuron_ws_encode(
    _ format: neuron_ws_format_t, _ options_json: UnsafePointer<CChar>?, _ group: UnsafePointer<neuron_ws_group_t>?,
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int, _ length: UnsafeMutablePointer<Int>?
) -> neuron_ws_status_t {
    encodeChecked(format, buffer, size, length) { encoder in encode(format, options_json, group, encoder) }
}

@c @implementation
public func neuron_ws_encode_json(
    _ format: neuron_ws_format_t, _ options_json: UnsafePointer<CChar>?, _ text: UnsafePointer<CChar>?,
    _ text_length: Int, _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int, _ length: UnsafeMutablePointer<Int>?
) -> neuron_ws_status_t {
    encodeChecked(format, buffer, size, length) { encoder in
        guard let text else {
            guard text_length == 0 else { return failedNull("text") }
            return encode(format, options_json, nil, encoder)
        }
        guard text_length >= 0, text_length <= Int(NEURON_WS_MESSAGE_MAX) else {
            return failed(
                .NEURON_WS_TOO_BIG,
                "a length of \(UInt(bitPattern: text_length)) bytes; at most \(NEURON_WS_MESSAGE_MAX) are taken")
        }
        let document: GroupDocument
        do throws(GroupDocumentError) {
            document = try GroupDocument.parse(UnsafeRawBufferPointer(start: text, count: text_length))
        } catch { return failed(NodeError(error)) }
        return document.withGroup { encode(format, options_json, $0, encoder) }
    }
}

/// Calls `body` once the arguments are good, and copies out what it has written into the encoder's buffer.
/// - Parameter body: nil if that was done.
private func encodeChecked(
    _ format: neuron_ws_format_t, _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int,
    _ length: UnsafeMutablePointer<Int>?, _ body: (ThreadEncoder) -> neuron_ws_status_t?
) -> neuron_ws_status_t {
    if let refusal = refusedRoom(buffer, size, length) { return refusal }
    guard isFormat(format) else {
        return failed(.NEURON_WS_INVALID_ARGUMENT, "`format` is \(format.rawValue), which is none")
    }
    return ThreadEncoder.with { encoder in
        body(encoder) ?? encoder.buffer.withBytes { copyOut($0, buffer, size, length) }
    }
}

/// Into the encoder's buffer; nil if that was done.
private func encode(
    _ format: neuron_ws_format_t, _ options_json: UnsafePointer<CChar>?, _ group: UnsafePointer<neuron_ws_group_t>?,
    _ encoder: ThreadEncoder
) -> neuron_ws_status_t? {
    let output = encoder.buffer
    do throws(EncodingError) {
        let options = try options_json.map { json throws(EncodingError) in
            try EncodeDocument.parse(boundedText(json, bytesMax: EncodeDocument.documentBytesMax))
        }
        // Texts are borrowed from it.
        defer { withExtendedLifetime(options) {} }
        let isWritten: Bool
        if let upload = UploadFormat(rawValue: format.rawValue) {
            guard let group else { return failedNull("group") }
            isWritten = try encodeUpload(upload, options ?? .none, group, encoder)
        } else if format == .NEURON_WS_FORMAT_READ_RESPONSE {
            guard let group else { return failedNull("group") }
            let uuid = try (options ?? .none).text("uuid")
            isWritten = try ReadResponse.encode(uuid: uuid, group, into: output) != .skipped
        } else {
            isWritten = try encodeReport(format, options ?? .none, into: output)
        }
        guard isWritten else {
            return failed(
                .NEURON_WS_SKIPPED, "there is nothing to send: no tags, or only errors while upload_err is false")
        }
    } catch { return failed(NodeError(error)) }
    return nil
}

private func isFormat(_ format: neuron_ws_format_t) -> Bool {
    switch format {
    case .NEURON_WS_FORMAT_VALUES, .NEURON_WS_FORMAT_TAGS, .NEURON_WS_FORMAT_ECP, .NEURON_WS_FORMAT_CUSTOM,
        .NEURON_WS_FORMAT_OPENGATE, .NEURON_WS_FORMAT_STATES, .NEURON_WS_FORMAT_READ_RESPONSE,
        .NEURON_WS_FORMAT_WRITE_RESPONSE, .NEURON_WS_FORMAT_WRITE_TAGS_RESPONSE:
        return true
    @unknown default: return false
    }
}

private func encodeUpload(
    _ format: UploadFormat, _ options: EncodeDocument, _ group: UnsafePointer<neuron_ws_group_t>,
    _ encoder: ThreadEncoder
) throws(EncodingError) -> Bool {
    let encoding = try options.upload(format)
    let view = try GroupView.open(group)
    let timestamp = view.timestampMilliseconds
    return try EnvelopeEncoder.encode(
        view, timestampMilliseconds: timestamp == 0 ? Clock.wallMilliseconds : timestamp, options: encoding,
        names: encoder.names, key: encoding.staticTags == nil ? GroupNames.Key(settings: 0, subscription: 0) : nil,
        into: encoder.buffer) != .skipped
}

/// What is written from the options alone.
private func encodeReport(
    _ format: neuron_ws_format_t, _ options: EncodeDocument, into output: ByteBuffer
) throws(EncodingError) -> Bool {
    switch format {
    case .NEURON_WS_FORMAT_STATES:
        return try options.encodeDriverStates(now: Clock.wallMilliseconds, into: output) != .skipped
    case .NEURON_WS_FORMAT_WRITE_RESPONSE:
        try WriteResponse.encode(
            uuid: try options.text("uuid"), error: try options.integer("error"),
            reason: try options.optionalText("reason"), into: output)
    case .NEURON_WS_FORMAT_WRITE_TAGS_RESPONSE:
        try options.encodeWrittenTags(into: output)
    default:
        preconditionFailure("the other formats are not written from options alone")
    }
    return true
}
