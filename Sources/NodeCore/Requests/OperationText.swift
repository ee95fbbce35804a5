/// The JSON of answers to operations. Members that are null are left out.
enum OperationText {
    /// `code` nil: a partial answer, which has neither code nor description.
    static func response(
        _ echo: RequestEcho, code: String?, description: String?, steps: [[UInt8]]
    ) -> [UInt8] {
        var text = Array("{\"version\":\"9.0\",\"operation\":{\"response\":{\"id\":".utf8)
        text += echo.id
        let name = echo.operation?.name ?? Array("null".utf8)
        // What a reboot says before its end names no device.
        if let operation = echo.operation, code != nil || !operation.isNamed(.rebootEquipment) {
            text += Array(",\"deviceId\":".utf8)
            text += operation.deviceID
            text += Array(",\"path\":".utf8)
            text += operation.path
        }
        if !name.elementsEqual("null".utf8) {
            text += Array(",\"name\":".utf8)
            text += name
        }
        if let code {
            text += Array(",\"resultCode\":".utf8)
            JSONText.appendString(code, to: &text)
            text += Array(",\"resultDescription\":".utf8)
            JSONText.appendString(description ?? "", to: &text)
        }
        text += Array(",\"steps\":[".utf8)
        for (index, step) in steps.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            text += step
        }
        text += Array("]}}}".utf8)
        return text
    }

    /// `name` and `response` are JSON.
    static func step(
        _ name: [UInt8], result: StaticString, description: String, response: [UInt8]? = nil
    ) -> [UInt8] {
        var text = Array("{\"name\":".utf8)
        text += name
        text += Array(",\"result\":\"\(result)\",\"description\":".utf8)
        JSONText.appendString(description, to: &text)
        if let response {
            text += Array(",\"response\":".utf8)
            text += response
        }
        text.append(UInt8(ascii: "}"))
        return text
    }

    // MARK: Codes

    private static let resultCodes: [String] = [
        "SUCCESSFUL", "ERROR_IN_PARAM", "NOT_SUPPORTED", "ERROR_PROCESSING", "ERROR_CREATING", "ALREADY_EXISTS",
        "OPERATION_PENDING", "ALREADY_IN_PROGRESS", "ERROR_TIMEOUT", "TIMEOUT_CANCELLED", "CANCELLED",
        "CANCELLED_INTERNAL",
    ]

    static var resultCodesShown: String { resultCodes.joined(separator: ", ") }

    static func isResultCode(_ text: String) -> Bool {
        resultCodes.contains { $0.utf8.elementsEqual(text.utf8) }
    }

    static func isStepResult(_ text: String) -> Bool {
        ["SUCCESSFUL", "ERROR", "SKIPPED", "NOT_EXECUTED"].contains { $0.utf8.elementsEqual(text.utf8) }
    }

    /// What the platform's own agent says of it, or the code itself.
    static func description(of code: String) -> String {
        if code.utf8.elementsEqual("SUCCESSFUL".utf8) { return "No Error." }
        if code.utf8.elementsEqual("NOT_SUPPORTED".utf8) { return "Operation not supported by the device" }
        return code
    }

    /// Why something failed, in the host's words or by the gateway's code.
    static func reason(_ given: String?, _ error: Int64) -> String {
        if let given, !given.utf8.isEmpty { return given }
        if error == RequestErrorCode.noDevice { return "Unable to send operation to lower levels" }
        return "error \(error) of the gateway"
    }

    /// A value's text.
    static func compact(_ value: JSONValue) throws(OperationAnswer.Fault) -> [UInt8] {
        var text: [UInt8] = []
        try append(value, to: &text)
        return text
    }

    /// Appends a value's text.
    static func append(_ value: JSONValue, to text: inout [UInt8]) throws(OperationAnswer.Fault) {
        do throws(EncodingError) {
            try JSONText.compact(value).withBytes { text += $0 }
        } catch { throw .noMemory }
    }
}
