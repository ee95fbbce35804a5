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
    /// What REFRESH_INFO publishes besides; nil: nothing.
    public let upload: [UInt8]?

    /// The host's final answer.
    ///
    /// - Parameters:
    ///   - timestampMilliseconds: of values that come without.
    ///   - gateway: whose form the upload has.
    public static func final(
        _ answer: JSONValue, to request: Request, gateway: OpenGateIdentity, timestampMilliseconds: Int64
    ) throws(Fault) -> OperationAnswer {
        guard let operation = request.echo.operation else { throw Fault(text: "the request is no operation") }
        if answer["tags"] == nil || answer["resultCode"] != nil {
            return OperationAnswer(document: try final(answer, request.echo, names: names(request)), upload: nil)
        }
        let variables = try OperationVariables(answer, timestampMilliseconds: timestampMilliseconds)
        let response: [UInt8]
        var upload: [UInt8]?
        switch operation.standard {
        case .refreshInfo:
            response = try variables.refreshed()
            let device = withExtendedLifetime(request) { String(cString: request.info.driver) }
            upload = try variables.upload(device: device, gateway)
        case .setDeviceParameters: response = variables.written(names(request))
        default: response = try variables.read(names(request))
        }
        let step = OperationText.step(operation.name, result: "SUCCESSFUL", description: "", response: response)
        return OperationAnswer(
            document: OperationText.response(
                request.echo, code: "SUCCESSFUL", description: OperationText.description(of: "SUCCESSFUL"),
                steps: [step]),
            upload: upload)
    }

    /// The final answer to an operation whose handle is gone: it names the id, the name and the rest itself.
    public static func final(byID answer: JSONValue, gateway: OpenGateIdentity) throws(Fault) -> (
        id: [UInt8], document: [UInt8]
    ) {
        guard answer.kind == .object else { throw Fault(text: "the answer is \(answer.kindName); it takes an object") }
        guard let id = answer["id"], id.kind == .string else {
            throw Fault(text: "the answer names no \"id\" of an operation, as a text")
        }
        guard let name = answer["name"], name.kind == .string else {
            throw Fault(text: "the answer names no \"name\" of the operation, as a text")
        }
        var deviceID = gateway.quotedDeviceID
        if let device = answer["deviceId"], device.kind == .string { deviceID = try OperationText.compact(device) }
        var path = Array("[]".utf8)
        if let given = answer["path"], given.kind == .array { path = try OperationText.compact(given) }
        let echo = RequestEcho(
            id: try OperationText.compact(id),
            operation: OperationEcho(name: try OperationText.compact(name), deviceID: deviceID, path: path))
        return (echo.id, try final(answer, echo, names: []))
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
                text: "an answer to an operation takes \"resultCode\" with \"steps\", or \"tags\", or an \"error\" "
                    + "that is an integer")
        }
        if error != 0 {
            return failure(echo, error: error, reason: reason(answer, error))
        }
        let name = echo.operation?.name ?? []
        let response = names.isEmpty ? nil : OperationVariables.allWritten(names)
        return OperationText.response(
            echo, code: "SUCCESSFUL", description: OperationText.description(of: "SUCCESSFUL"),
            steps: [OperationText.step(name, result: "SUCCESSFUL", description: "", response: response)])
    }

    private static func reason(_ answer: JSONValue, _ error: Int64) -> String {
        if let reason = answer["reason"]?.string, !reason.utf8.isEmpty { return reason }
        if error == RequestErrorCode.noDevice { return "Unable to send operation to lower levels" }
        return "error \(error) of the gateway"
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
