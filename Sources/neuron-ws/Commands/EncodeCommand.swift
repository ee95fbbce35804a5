// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// `neuron-ws encode`: groups as JSON lines to the messages they would become.
enum EncodeCommand {
    static let syntax = CommandSyntax(
        name: "encode",
        summary: "groups as JSON lines on standard input to the messages they would become",
        notes: [
            "A line in:   {\"format\":\"values\",\"schema\":…,\"input\":{\"node\":\"plc1\",",
            "             \"group\":\"fast\",\"timestamp\":1650006388943,\"static_tags\":{…},"
                + "\"upload_err\":true,\"tags\":[",
            "             {\"name\":\"t\",\"type\":\"FLOAT\",\"value\":21.5,\"precision\":1,\"metas\":[]},",
            "             {\"name\":\"u\",\"error\":2014}]}}",
            "A line out:  {\"message\":\"…\"}, {\"skipped\":true} or {\"rejected\":\"why\"}, "
                + "one for each line, in order.",
            "Formats:     " + formats.map { $0.names[0] }.joined(separator: ", "),
            "Types:       " + types,
        ])

    private static let types =
        "INT8 UINT8 INT16 UINT16 INT32 UINT32 INT64 UINT64 FLOAT DOUBLE BIT BOOL STRING BYTES ERROR WORD DWORD LWORD "
        + "PTR TIME DATA_AND_TIME ARRAY_CHAR ARRAY_INT8 ARRAY_UINT8 ARRAY_INT16 ARRAY_UINT16 ARRAY_INT32 ARRAY_UINT32 "
        + "ARRAY_INT64 ARRAY_UINT64 ARRAY_FLOAT ARRAY_DOUBLE ARRAY_BOOL ARRAY_STRING CUSTOM"

    private static let formats: [(names: [String], format: neuron_ws_format_t)] = [
        (["values", "values-format"], .NEURON_WS_FORMAT_VALUES),
        (["tags", "tags-format"], .NEURON_WS_FORMAT_TAGS),
        (["ecp", "ECP-format"], .NEURON_WS_FORMAT_ECP),
        (["custom", "custom-format"], .NEURON_WS_FORMAT_CUSTOM),
        (["opengate"], .NEURON_WS_FORMAT_OPENGATE),
        (["states"], .NEURON_WS_FORMAT_STATES),
        (["read-resp"], .NEURON_WS_FORMAT_READ_RESPONSE),
        (["write-resp"], .NEURON_WS_FORMAT_WRITE_RESPONSE),
        (["write-tags-resp"], .NEURON_WS_FORMAT_WRITE_TAGS_RESPONSE),
    ]

    /// Rejected lines are answers, not failures: the status only says whether every line got one.
    static func run() -> ExitStatus {
        var reader = LineReader()
        var encoder = LineEncoder()
        reader.forEachLine(beforeWaiting: Output.standard.flush) { line in
            let output: [UInt8]
            switch line {
            case .bytes(let bytes): output = encoder.encode(bytes)
            case .tooLong: output = LineEncoder.rejected("line is longer than \(LineReader.lineBytesMax) bytes")
            }
            output.withUnsafeBytes { Output.standard.write(bytes: $0) }
            return true
        }
        Output.standard.flush()
        guard let failure = reader.failure else { return .success }
        Terminal.complain(failure)
        return .failed
    }

    static func format(_ name: String) -> neuron_ws_format_t? {
        formats.first { $0.names.contains { $0.lowercased() == name.lowercased() } }?.format
    }
}

/// Turns one line into one line.
private struct LineEncoder {
    /// Larger messages are encoded a second time, into a buffer of their size.
    private var buffer = [CChar](repeating: 0, count: 64 * 1024)

    mutating func encode(_ line: UnsafeRawBufferPointer) -> [UInt8] {
        let document: JSON
        do throws(JSON.Failure) { document = try JSON.parse(line) } catch {
            return Self.rejected("line is not JSON: \(error.text)")
        }
        guard document.kind == .object, let input = document["input"], input.kind == .object else {
            return Self.rejected("line is no object with a member \"input\" that is an object")
        }
        guard let name = document["format"]?.string else { return Self.rejected("\"format\" is missing or no text") }
        guard let format = EncodeCommand.format(name) else {
            return Self.rejected("there is no format \"\(name)\"")
        }
        return encode(format, Self.options(document, input, format), Self.needsGroup(format) ? Self.group(input) : nil)
    }

    private mutating func encode(_ format: neuron_ws_format_t, _ options: String, _ group: [UInt8]?) -> [UInt8] {
        var length = 0
        var status = call(format, options, group, &length)
        if status == .NEURON_WS_BUFFER_TOO_SMALL {
            buffer = [CChar](repeating: 0, count: length)
            status = call(format, options, group, &length)
        }
        switch status {
        case .NEURON_WS_OK:
            var output = Array("{\"message\":".utf8)
            buffer.withUnsafeBytes { bytes in
                JSONText.appendQuoted(UnsafeRawBufferPointer(rebasing: bytes[..<length]), to: &output)
            }
            output.append(contentsOf: "}\n".utf8)
            return output
        case .NEURON_WS_SKIPPED: return Array("{\"skipped\":true}\n".utf8)
        default: return Self.rejected(LibraryError(status).text)
        }
    }

    private mutating func call(
        _ format: neuron_ws_format_t, _ options: String, _ group: [UInt8]?, _ length: inout Int
    ) -> neuron_ws_status_t {
        guard let group else {
            return neuron_ws_encode_json(format, options, nil, 0, &buffer, buffer.count, &length)
        }
        return group.withUnsafeBytes { text in
            neuron_ws_encode_json(
                format, options, text.baseAddress?.assumingMemoryBound(to: CChar.self), text.count, &buffer,
                buffer.count, &length)
        }
    }

    /// What the library takes for a group, out of what the line holds.
    private static func group(_ input: JSON) -> [UInt8] {
        let group = JSON.object()
        for member in ["node", "group", "timestamp", "tags", "values", "errors", "metas"] {
            guard let value = input[member], value.kind != .null else { continue }
            group.set(member, value)
        }
        return group.compactText
    }

    private static func needsGroup(_ format: neuron_ws_format_t) -> Bool {
        switch format {
        case .NEURON_WS_FORMAT_STATES, .NEURON_WS_FORMAT_WRITE_RESPONSE, .NEURON_WS_FORMAT_WRITE_TAGS_RESPONSE: false
        default: true
        }
    }

    /// The library's options, out of what the line holds.
    private static func options(_ document: JSON, _ input: JSON, _ format: neuron_ws_format_t) -> String {
        let members: [String]
        switch format {
        case .NEURON_WS_FORMAT_STATES: members = ["timestamp", "states"]
        case .NEURON_WS_FORMAT_READ_RESPONSE: members = ["uuid"]
        case .NEURON_WS_FORMAT_WRITE_RESPONSE: members = ["uuid", "error"]
        case .NEURON_WS_FORMAT_WRITE_TAGS_RESPONSE: members = ["uuid", "tags"]
        case .NEURON_WS_FORMAT_OPENGATE: members = ["static_tags", "upload_err", "device-id", "reduced"]
        default: members = ["static_tags", "upload_err", "schema"]
        }
        let options = JSON.object()
        for member in members {
            guard let value = input[member], value.kind != .null else { continue }
            options.set(member, value)
        }
        if members.contains("schema"), let schema = document["schema"], schema.kind != .null {
            options.set("schema", schema)
        }
        return String(decoding: options.compactText, as: UTF8.self)
    }

    static func rejected(_ why: String) -> [UInt8] {
        Array("{\"rejected\":\(JSONText.quoted(why))}\n".utf8)
    }
}
