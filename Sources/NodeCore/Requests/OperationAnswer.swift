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
    }

    /// `{"version":"9.0","operation":{"response":{…}}}`
    public let document: [UInt8]
    /// The operation's name, as JSON.
    public let name: [UInt8]
    /// What REFRESH_INFO publishes besides; nil: nothing.
    public let upload: [UInt8]?

    private init(_ document: [UInt8], to echo: RequestEcho, upload: [UInt8]? = nil) {
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
        guard let id = answer["id"], let text = id.withUTF8({ Array($0) }) else {
            throw Fault(text: "the answer names no \"id\" of an operation, as a text")
        }
        guard let name = answer["name"], name.kind == .string else {
            throw Fault(text: "the answer names no \"name\" of the operation, as a text")
        }
        let gateway = encoding.openGate
        var device = Array(gateway.deviceID.utf8)
        var deviceID = gateway.quotedDeviceID
        if let given = answer["deviceId"], let bytes = given.withUTF8({ Array($0) }), !bytes.isEmpty {
            device = bytes
            deviceID = try OperationText.compact(given)
        }
        var path = Array("[]".utf8)
        if let given = answer["path"], given.kind == .array { path = try OperationText.compact(given) }
        let echo = RequestEcho(
            id: try OperationText.compact(id),
            operation: OperationEcho(name: try OperationText.compact(name), deviceID: deviceID, path: path))
        guard OperationVariables.areIn(answer) else {
            return (text, OperationAnswer(try final(answer, echo, names: []), to: echo))
        }
        // Which variables were asked for is not known any more: all that the answer speaks of.
        let variables = try OperationVariables(answer, timestampMilliseconds: timestampMilliseconds)
        return (text, try final(variables, echo, names: variables.names, device: device, encoding))
    }

    /// Out of values, or of what became of them.
    private static func final(
        _ variables: OperationVariables, _ echo: RequestEcho, names: [[UInt8]], device: [UInt8],
        _ encoding: EncodingOptions
    ) throws(Fault) -> OperationAnswer {
        if let failure = variables.failure {
            return OperationAnswer(Self.failure(echo, error: failure.error, reason: failure.reason), to: echo)
        }
        let response: [UInt8]
        var upload: [UInt8]?
        switch echo.operation?.standard {
        case .refreshInfo:
            response = try variables.refreshed()
            upload = try variables.upload(device: device, encoding)
        case .setDeviceParameters: response = variables.written(names)
        default: response = try variables.read(names)
        }
        let step = OperationText.step(
            echo.operation?.name ?? [], result: "SUCCESSFUL", description: variables.remark, response: response)
        return OperationAnswer(
            OperationText.response(
                echo, code: "SUCCESSFUL", description: OperationText.description(of: "SUCCESSFUL"), steps: [step]),
            to: echo, upload: upload)
    }

    /// A partial answer: `{"steps":[…]}`.
    public static func partial(_ answer: JSONValue, to echo: RequestEcho) throws(Fault) -> [UInt8] {
        guard let steps = answer["steps"] else { throw Fault(text: "a partial answer takes {\"steps\":[…]}") }
        return OperationText.response(echo, code: nil, description: nil, steps: try self.steps(steps))
    }

    /// The library's own: `error` is the gateway's code of it.
    public static func failure(_ echo: RequestEcho, error: Int64, reason: String) -> [UInt8] {
        let isMalformed = error == RequestErrorCode.malformed
        let code = isMalformed ? "ERROR_IN_PARAM" : "ERROR_PROCESSING"
        let name = echo.operation?.name ?? []
        let steps = isMalformed ? [] : [OperationText.step(name, result: "ERROR", description: reason)]
        return OperationText.response(echo, code: code, description: reason, steps: steps)
    }

    /// Nobody takes it.
    public static func notSupported(_ echo: RequestEcho) -> [UInt8] {
        let code = "NOT_SUPPORTED"
        return OperationText.response(echo, code: code, description: OperationText.description(of: code), steps: [])
    }

    // MARK: Without values

    private static func final(
        _ answer: JSONValue, _ echo: RequestEcho, names: [[UInt8]]
    ) throws(Fault) -> [UInt8] {
        guard answer.kind == .object else { throw Fault(text: "the answer is \(answer.kindName); it takes an object") }
        if answer["resultCode"] != nil || answer["steps"] != nil { return try own(answer, echo) }
        guard let error = answer["error"]?.integer else {
            throw Fault(
                text: "an answer to an operation takes \"resultCode\" with \"steps\", or \"tags\", or \"groups\", or "
                    + "an \"error\" that is an integer")
        }
        if error != 0 {
            return failure(echo, error: error, reason: OperationText.reason(answer["reason"]?.string, error))
        }
        let name = echo.operation?.name ?? []
        if echo.operation?.standard == .getDeviceParameters {
            throw Fault(
                text: "GET_DEVICE_PARAMETERS is answered with values, as \"tags\", or an \"error\" that is not 0")
        }
        let response = names.isEmpty ? nil : OperationVariables.allWritten(names)
        return OperationText.response(
            echo, code: "SUCCESSFUL", description: OperationText.description(of: "SUCCESSFUL"),
            steps: [OperationText.step(name, result: "SUCCESSFUL", description: "", response: response)])
    }

    /// The platform's form.
    private static func own(_ answer: JSONValue, _ echo: RequestEcho) throws(Fault) -> [UInt8] {
        var code = "SUCCESSFUL"
        if let given = answer["resultCode"] {
            guard let text = given.string, OperationText.isResultCode(text) else {
                throw Fault(
                    text: "\"resultCode\" is none that the platform knows; it takes \(OperationText.resultCodesShown)")
            }
            code = text
        }
        let description = answer["resultDescription"]?.string ?? OperationText.description(of: code)
        if let given = answer["steps"] {
            return OperationText.response(echo, code: code, description: description, steps: try steps(given))
        }
        let name = echo.operation?.name ?? []
        var steps: [[UInt8]] = []
        if code.utf8.elementsEqual("SUCCESSFUL".utf8) {
            steps = [OperationText.step(name, result: "SUCCESSFUL", description: "")]
        } else if code.utf8.elementsEqual("ERROR_PROCESSING".utf8), echo.operation?.standard != nil {
            steps = [OperationText.step(name, result: "ERROR", description: description)]
        }
        return OperationText.response(echo, code: code, description: description, steps: steps)
    }

    private static func steps(_ value: JSONValue) throws(Fault) -> [[UInt8]] {
        guard value.kind == .array else { throw Fault(text: "\"steps\" is \(value.kindName); it takes an array") }
        var steps: [[UInt8]] = []
        for index in 0..<value.count {
            guard let step = value[index], step["name"]?.kind == .string, let result = step["result"]?.string,
                OperationText.isStepResult(result)
            else {
                throw Fault(
                    text: "\"steps\"[\(index)] takes an object with \"name\" and a \"result\" that is SUCCESSFUL, "
                        + "ERROR, SKIPPED or NOT_EXECUTED")
            }
            steps.append(try OperationText.compact(step))
        }
        return steps
    }

    /// The variables that the request names.
    private static func names(_ request: Request) -> [[UInt8]] {
        withExtendedLifetime(request) {
            (0..<request.info.tag_count).map { index in
                let tag = request.info.tags[index]
                return Array(UnsafeRawBufferPointer(start: tag.name, count: tag.name_length))
            }
        }
    }
}
