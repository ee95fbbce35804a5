// SPDX-License-Identifier: Apache-2.0
import CJansson
import CNeuronWS

/// Answers to OpenGate operations, out of what the host hands in: the platform's own form, or one of the gateway's
/// answers, so that a host which answers the gateway's requests can answer operations too.
public struct OperationAnswer {
    /// Why an answer of the host's is none.
    public struct Fault: Error {
        public let text: String
        /// There is no memory for it.
        public var isOutOfMemory = false

        static let noMemory = Fault(text: "memory is exhausted", isOutOfMemory: true)

        init(text: String, isOutOfMemory: Bool = false) {
            self.text = text
            self.isOutOfMemory = isOutOfMemory
        }

        init(_ error: EncodingError) { self.init(text: error.text, isOutOfMemory: error == .noMemory) }
    }

    /// Names that an answer is about, as long as what they lie in lives.
    struct Names {
        let count: Int
        let name: (Int) -> UnsafeRawBufferPointer

        static var none: Names { Names(count: 0) { _ in UnsafeRawBufferPointer(start: nil, count: 0) } }
    }

    /// `{"version":"9.0","operation":{"response":{…}}}`
    public let document: ByteBuffer
    /// The operation's name, as JSON.
    public let name: [UInt8]
    /// What REFRESH_INFO publishes besides; nil: nothing.
    public let upload: ByteBuffer?

    private init(_ document: ByteBuffer, to echo: RequestEcho, upload: ByteBuffer? = nil) {
        self.document = document
        self.upload = upload
        name = echo.operation?.name ?? []
    }

    /// The host's final answer.
    ///
    /// - Parameters:
    ///   - encoding: the node's, which says what an upload looks like.
    ///   - timestampMilliseconds: of values that come without.
    public static func final(
        _ answer: JSONValue, to request: Request, _ encoding: EncodingOptions, timestampMilliseconds: Int64
    ) throws(Fault) -> OperationAnswer {
        guard request.echo.operation != nil else { throw Fault(text: "the request is no operation") }
        guard OperationVariables.areIn(answer) else {
            return OperationAnswer(try final(answer, request.echo, names: names(request)), to: request.echo)
        }
        let device = withExtendedLifetime(request) { Array(String(cString: request.info.driver).utf8) }
        let variables = try OperationVariables(answer, timestampMilliseconds: timestampMilliseconds)
        return try final(variables, request.echo, names: names(request), device: device, encoding)
    }

    /// The final answer to an operation whose handle is gone: it names the id, the name and the rest itself.
    /// - Returns: `id` as a text, not as JSON.
    public static func final(
        byID answer: JSONValue, _ encoding: EncodingOptions, timestampMilliseconds: Int64
    ) throws(Fault) -> (id: [UInt8], answer: OperationAnswer) {
        guard answer.kind == .object else { throw Fault(text: "the answer is \(answer.kindName); it takes an object") }
        guard let id = answer["id"], id.kind == .string else {
            throw Fault(text: "the answer names no \"id\" of an operation, as a text")
        }
        let quotedID = try OperationText.compact(id, "id")
        let text = id.withUTF8 { Array($0) } ?? []
        guard let name = answer["name"], name.kind == .string else {
            throw Fault(text: "the answer names no \"name\" of the operation, as a text")
        }
        let gateway = encoding.openGate
        var device = Array(gateway.deviceID.utf8)
        var deviceID = gateway.quotedDeviceID
        if let given = answer["deviceId"], let bytes = given.utf8, bytes.count > 0 {
            deviceID = try OperationText.compact(given, "deviceId")
            device = Array(bytes)
        }
        var path = Array("[]".utf8)
        if let given = answer["path"], given.kind == .array { path = try OperationText.compact(given, "path") }
        let echo = RequestEcho(
            id: quotedID,
            operation: OperationEcho(name: try OperationText.compact(name, "name"), deviceID: deviceID, path: path))
        guard OperationVariables.areIn(answer) else {
            return (text, OperationAnswer(try final(answer, echo, names: .none), to: echo))
        }
        // Which variables were asked for is not known any more: all that the answer speaks of.
        let variables = try OperationVariables(answer, timestampMilliseconds: timestampMilliseconds)
        return (text, try final(variables, echo, names: variables.allNames, device: device, encoding))
    }

    /// Out of values, or of what became of them.
    private static func final(
        _ variables: OperationVariables, _ echo: RequestEcho, names: Names, device: [UInt8],
        _ encoding: EncodingOptions
    ) throws(Fault) -> OperationAnswer {
        do throws(EncodingError) {
            if let failure = variables.failure {
                return OperationAnswer(
                    try Self.failed(echo, error: failure.error, reason: failure.reason), to: echo)
            }
            let standard = echo.operation?.standard
            let document = try OperationText.response(
                echo, code: "SUCCESSFUL", description: OperationText.description(of: "SUCCESSFUL")
            ) { writer throws(EncodingError) in
                try OperationText.writeStep(
                    echo.operation?.name ?? [], result: "SUCCESSFUL", description: .remark(variables), to: &writer
                ) { writer throws(EncodingError) in
                    switch standard {
                    case .refreshInfo: try variables.writeRefreshed(to: &writer)
                    case .setDeviceParameters: try variables.writeWritten(names, to: &writer)
                    default: try variables.writeRead(names, to: &writer)
                    }
                }
            }
            let upload = standard == .refreshInfo ? try variables.upload(device: device, encoding) : nil
            return OperationAnswer(document, to: echo, upload: upload)
        } catch { throw Fault(error) }
    }

    /// A partial answer: `{"steps":[…]}`.
    public static func partial(_ answer: JSONValue, to echo: RequestEcho) throws(Fault) -> ByteBuffer {
        guard let steps = answer["steps"] else { throw Fault(text: "a partial answer takes {\"steps\":[…]}") }
        try check(steps: steps)
        do throws(EncodingError) {
            return try OperationText.response(echo, code: nil, description: .own("")) { writer throws(EncodingError) in
                try write(steps: steps, to: &writer)
            }
        } catch { throw Fault(error) }
    }

    /// The library's own: `error` is the gateway's code of it, `reason` is short. Empty: there is no memory for it.
    public static func failure(_ echo: RequestEcho, error: Int64, reason: String) -> [UInt8] {
        do throws(EncodingError) {
            return try failed(echo, error: error, reason: .own(reason)).withBytes { Array($0) }
        } catch { return [] }
    }

    private static func failed(
        _ echo: RequestEcho, error: Int64, reason: OperationText.Words
    ) throws(EncodingError) -> ByteBuffer {
        let isMalformed = error == RequestErrorCode.malformed
        return try OperationText.response(
            echo, code: isMalformed ? "ERROR_IN_PARAM" : "ERROR_PROCESSING", description: reason
        ) { writer throws(EncodingError) in
            if isMalformed { return }
            try OperationText.writeStep(echo.operation?.name ?? [], result: "ERROR", description: reason, to: &writer)
        }
    }

    /// Nobody takes it. Empty: there is no memory for it.
    public static func notSupported(_ echo: RequestEcho) -> [UInt8] {
        let code = "NOT_SUPPORTED"
        do throws(EncodingError) {
            return try OperationText.response(echo, code: code, description: OperationText.description(of: code)) { _ in
            }.withBytes { Array($0) }
        } catch { return [] }
    }

    // MARK: Without values

    private static func final(
        _ answer: JSONValue, _ echo: RequestEcho, names: Names
    ) throws(Fault) -> ByteBuffer {
        guard answer.kind == .object else { throw Fault(text: "the answer is \(answer.kindName); it takes an object") }
        if answer["resultCode"] != nil || answer["steps"] != nil { return try own(answer, echo) }
        guard let error = answer["error"]?.integer else {
            throw Fault(
                text: "an answer to an operation takes \"resultCode\" with \"steps\", or \"tags\", or \"groups\", or "
                    + "an \"error\" that is an integer")
        }
        if error == 0, echo.operation?.standard == .getDeviceParameters {
            throw Fault(
                text: "GET_DEVICE_PARAMETERS is answered with values, as \"tags\", or an \"error\" that is not 0")
        }
        do throws(EncodingError) {
            if error != 0 {
                return try failed(echo, error: error, reason: OperationText.reason(answer["reason"]?.utf8, error))
            }
            return try OperationText.response(
                echo, code: "SUCCESSFUL", description: OperationText.description(of: "SUCCESSFUL")
            ) { writer throws(EncodingError) in
                let name = echo.operation?.name ?? []
                if names.count == 0 {
                    return try OperationText.writeStep(name, result: "SUCCESSFUL", description: .own(""), to: &writer)
                }
                try OperationText.writeStep(
                    name, result: "SUCCESSFUL", description: .own(""), to: &writer
                ) { writer throws(EncodingError) in try OperationVariables.writeAllWritten(names, to: &writer) }
            }
        } catch { throw Fault(error) }
    }

    /// The platform's form.
    private static func own(_ answer: JSONValue, _ echo: RequestEcho) throws(Fault) -> ByteBuffer {
        var code = "SUCCESSFUL"
        if let given = answer["resultCode"] {
            guard let known = OperationText.resultCode(given.utf8) else {
                throw Fault(
                    text: "\"resultCode\" is none that the platform knows; it takes \(OperationText.resultCodesShown)")
            }
            code = known
        }
        let description: OperationText.Words
        if let given = answer["resultDescription"]?.utf8 {
            description = .given(given)
        } else {
            description = OperationText.description(of: code)
        }
        let steps = answer["steps"]
        if let steps { try check(steps: steps) }
        let name = echo.operation?.name ?? []
        do throws(EncodingError) {
            return try OperationText.response(echo, code: code, description: description) {
                writer throws(EncodingError) in
                if let steps {
                    try write(steps: steps, to: &writer)
                } else if code.utf8.elementsEqual("SUCCESSFUL".utf8) {
                    try OperationText.writeStep(name, result: "SUCCESSFUL", description: .own(""), to: &writer)
                } else if code.utf8.elementsEqual("ERROR_PROCESSING".utf8), echo.operation?.standard != nil {
                    try OperationText.writeStep(name, result: "ERROR", description: description, to: &writer)
                }
            }
        } catch { throw Fault(error) }
    }

    private static func check(steps value: JSONValue) throws(Fault) {
        guard value.kind == .array else { throw Fault(text: "\"steps\" is \(value.kindName); it takes an array") }
        for index in 0..<value.count {
            guard let step = value[index], step["name"]?.kind == .string,
                OperationText.isStepResult(step["result"]?.utf8)
            else {
                throw Fault(
                    text: "\"steps\"[\(index)] takes an object with \"name\" and a \"result\" that is SUCCESSFUL, "
                        + "ERROR, SKIPPED or NOT_EXECUTED")
            }
        }
    }

    private static func write(steps: JSONValue, to writer: inout ByteWriter) throws(EncodingError) {
        for index in 0..<steps.count {
            if index > 0 { try writer.writeByte(UInt8(ascii: ",")) }
            if let step = steps[index] { try JSONText.write(step, to: &writer) }
        }
    }

    /// The variables that the request names.
    private static func names(_ request: Request) -> Names {
        Names(count: request.info.tag_count) { index in
            let tag = request.info.tags[index]
            return UnsafeRawBufferPointer(start: tag.name, count: tag.name_length)
        }
    }
}
