// SPDX-License-Identifier: Apache-2.0
import CJansson

/// The JSON of answers to operations, written into memory that can fail: a host decides how much it is. Members that
/// are null are left out.
enum OperationText {
    /// A text of an answer.
    enum Words {
        /// Of our own, and short.
        case own(String)
        /// The host's.
        case given(UnsafeRawBufferPointer)
        /// What went wrong with some of the groups.
        case remark(OperationVariables)
    }

    /// `code` nil: a partial answer, which has neither code nor description.
    static func response(
        _ echo: RequestEcho, code: String?, description: Words,
        steps: (inout ByteWriter) throws(EncodingError) -> Void
    ) throws(EncodingError) -> ByteBuffer {
        let buffer = ByteBuffer(byteCountMax: .max)
        var writer = try ByteWriter.open(buffer)
        try writeHead(echo, code: code, description: description, to: &writer)
        try steps(&writer)
        try writer.write("]}}}")
        try writer.finish()
        return buffer
    }

    /// Up to the steps.
    private static func writeHead(
        _ echo: RequestEcho, code: String?, description: Words, to writer: inout ByteWriter
    ) throws(EncodingError) {
        try writer.write("{\"version\":\"9.0\",\"operation\":{\"response\":{\"id\":")
        try writer.write(echo.id)
        let name = echo.operation?.name ?? Array("null".utf8)
        // What a reboot says before its end names no device.
        if let operation = echo.operation, code != nil || !operation.isNamed(.rebootEquipment) {
            try writer.write(",\"deviceId\":")
            try writer.write(operation.deviceID)
            try writer.write(",\"path\":")
            try writer.write(operation.path)
        }
        if !name.elementsEqual("null".utf8) {
            try writer.write(",\"name\":")
            try writer.write(name)
        }
        if let code {
            try writer.write(",\"resultCode\":")
            try write(.own(code), to: &writer)
            try writer.write(",\"resultDescription\":")
            try write(description, to: &writer)
        }
        try writer.write(",\"steps\":[")
    }

    /// `name` is JSON, and `response` writes some.
    static func writeStep(
        _ name: [UInt8], result: StaticString, description: Words, to writer: inout ByteWriter,
        response: ((inout ByteWriter) throws(EncodingError) -> Void)? = nil
    ) throws(EncodingError) {
        try writer.write("{\"name\":")
        try writer.write(name)
        try writer.write(",\"result\":\"")
        try writer.write(result)
        try writer.write("\",\"description\":")
        try write(description, to: &writer)
        if let response {
            try writer.write(",\"response\":")
            try response(&writer)
        }
        try writer.write("}")
    }

    /// With its quotes.
    static func write(_ words: Words, to writer: inout ByteWriter) throws(EncodingError) {
        try writer.writeByte(0x22)
        try writeInside(words, to: &writer)
        try writer.writeByte(0x22)
    }

    /// Without them.
    static func writeInside(_ words: Words, to writer: inout ByteWriter) throws(EncodingError) {
        switch words {
        case .own(let text):
            var quoted: [UInt8] = []
            JSONText.appendString(text, to: &quoted)
            try writer.write(quoted, from: 1, to: quoted.count - 1)
        case .given(let text): try JSONStringWriter.write(text, to: &writer)
        case .remark(let variables): try variables.writeRemark(to: &writer)
        }
    }

    // MARK: Codes

    private static let resultCodes: [String] = [
        "SUCCESSFUL", "ERROR_IN_PARAM", "NOT_SUPPORTED", "ERROR_PROCESSING", "ERROR_CREATING", "ALREADY_EXISTS",
        "OPERATION_PENDING", "ALREADY_IN_PROGRESS", "ERROR_TIMEOUT", "TIMEOUT_CANCELLED", "CANCELLED",
        "CANCELLED_INTERNAL",
    ]

    static var resultCodesShown: String { resultCodes.joined(separator: ", ") }

    /// The code that this is; nil: none.
    static func resultCode(_ text: UnsafeRawBufferPointer?) -> String? {
        guard let text else { return nil }
        return resultCodes.first { text.elementsEqual($0.utf8) }
    }

    static func isStepResult(_ text: UnsafeRawBufferPointer?) -> Bool {
        guard let text else { return false }
        return ["SUCCESSFUL", "ERROR", "SKIPPED", "NOT_EXECUTED"].contains { text.elementsEqual($0.utf8) }
    }

    /// What the platform's own agent says of it, or the code itself.
    static func description(of code: String) -> Words {
        if code.utf8.elementsEqual("SUCCESSFUL".utf8) { return .own("No Error.") }
        if code.utf8.elementsEqual("NOT_SUPPORTED".utf8) { return .own("Operation not supported by the device") }
        return .own(code)
    }

    /// Why something failed, in the host's words or by the gateway's code.
    static func reason(_ given: UnsafeRawBufferPointer?, _ error: Int64) -> Words {
        if let given, given.count > 0 { return .given(given) }
        if error == RequestErrorCode.noDevice { return .own("Unable to send operation to lower levels") }
        return .own("error \(error) of the gateway")
    }

    /// A value's text, of one that is known to be short: longer ones are `Fault`s.
    static func compact(_ value: JSONValue, _ member: StaticString) throws(OperationAnswer.Fault) -> [UInt8] {
        do throws(EncodingError) {
            let text = try JSONText.compact(value)
            guard text.count <= RequestLimits.uuidBytesMax else {
                throw EncodingError.tooBig(
                    "\"\(member)\" of the answer has \(text.count) bytes; an operation's has at most "
                        + "\(RequestLimits.uuidBytesMax)")
            }
            return text.withBytes { Array($0) }
        } catch { throw OperationAnswer.Fault(error) }
    }
}
