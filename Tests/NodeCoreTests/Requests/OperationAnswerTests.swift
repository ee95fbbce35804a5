import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct OperationAnswerTests {
    private let gateway = OpenGateIdentity(deviceID: "gw", isReduced: false)

    private func request(_ members: String) throws -> Request {
        var rules = anyRules
        rules.openGate = gateway
        let text = Array(#"{"operation":{"request":{"id":"1",\#(members)}}}"#.utf8)
        let found: Request? = text.withUnsafeBytes { bytes in
            var incoming = IncomingMessage.make(bytes)
            guard case .request(let request)? = incoming?.next(rules) else { return nil }
            return request
        }
        return try #require(found)
    }

    private func answer(_ json: String, _ members: String) throws -> (String, String?) {
        let document = try Array(json.utf8).withUnsafeBytes { try JSONText.parse($0) }
        let made = try OperationAnswer.final(
            document.root, to: try request(members), gateway: gateway, timestampMilliseconds: 5)
        return (
            String(decoding: made.document, as: UTF8.self), made.upload.map { String(decoding: $0, as: UTF8.self) }
        )
    }

    private func response(_ rest: String, _ head: String = #""deviceId":"gw","path":[]"#) -> String {
        #"{"version":"9.0","operation":{"response":{"id":"1",\#(head),\#(rest)}}}"#
    }

    private let good = #""resultCode":"SUCCESSFUL","resultDescription":"No Error.""#

    @Test func aGroupMayStandBeforeTheTagsName() throws {
        let (text, upload) = try answer(
            #"{"uuid":"1","tags":[{"name":"t","value":18446744073709551615,"transferPrecision":1},"#
                + #"{"name":"u","error":3002}]}"#,
            #""name":"GET_DEVICE_PARAMETERS","parameters":{"variableList":["fast/t","u"]}"#)
        #expect(upload == nil)
        #expect(
            text
                == response(
                    #""name":"GET_DEVICE_PARAMETERS",\#(good),"steps":[{"name":"GET_DEVICE_PARAMETERS","#
                        + #""result":"SUCCESSFUL","description":"","response":[{"variableName":"fast/t","#
                        + #""variableValue":18446744073709551615,"resultCode":"SUCCESS","#
                        + #""resultDescription":"SUCCESS"},{"variableName":"u","resultCode":"ERROR","#
                        + #""resultDescription":"error 3002 of the gateway"}]}]"#))
    }

    @Test func aWriteThatIsDoneNamesItsVariables() throws {
        let (text, _) = try answer(
            #"{"error":0}"#, #""name":"SET_DEVICE_PARAMETERS","parameters":{"variableList":[{"name":"t","value":1}]}"#)
        #expect(text.contains(#""response":[{"variableName":"t","resultCode":"SUCCESS"}]"#))
    }

    @Test func refreshMergesANameAndPublishesPerGroup() throws {
        let (text, upload) = try answer(
            #"{"tags":[{"name":"t","group":"a","value":1},{"name":"t","group":"b","value":2,"timestamp":9},"#
                + #"{"name":"x","error":3002}]}"#, #""name":"REFRESH_INFO""#)
        #expect(
            text.contains(
                #"[{"variableName":"t","variableValue":["#
                    + #"{"datastreamId":"t","feed":"a","status":"OK","at":5,"value":1},"#
                    + #"{"datastreamId":"t","feed":"b","status":"OK","at":9,"value":2}],"resultCode":"SUCCESS""#))
        #expect(text.contains(#""status":"PROCESSING_ERROR","at":5,"error":"error 3002 of the gateway""#))
        #expect(
            upload
                == #"{"version":"9.0","device":"gw","datastreams":["#
                + #"{"id":"t","feed":"a","datapoints":[{"at":5,"value":1}]},"#
                + #"{"id":"t","feed":"b","datapoints":[{"at":9,"value":2}]}]}"#)
    }

    @Test(arguments: [
        ("[]", "the answer is an array"), ("{}", "takes \"resultCode\""), (#"{"resultCode":"FINE"}"#, "\"resultCode\""),
        (#"{"steps":[{"name":"x","result":"x"}]}"#, "\"steps\"[0]"), (#"{"steps":{}}"#, "\"steps\" is an object"),
        (#"{"tags":{}}"#, "\"tags\""), (#"{"tags":[{"value":1}]}"#, "\"tags\"[0]"),
    ])
    func whatIsNoAnswerIsSaid(_ json: String, _ says: String) {
        do { _ = try answer(json, #""name":"custom""#) } catch {
            #expect((error as? OperationAnswer.Fault)?.text.contains(says) == true, "\(error)")
            return
        }
        Issue.record("\(json) was taken")
    }

    @Test func theLibrarysOwnAnswersHaveThePlatformsForm() throws {
        let echo = try request(#""name":"x","deviceId":"plc","path":["gw"]"#).echo
        let text = { (error: Int64) in
            String(decoding: OperationAnswer.failure(echo, error: error, reason: "r"), as: UTF8.self)
        }
        let head = #""deviceId":"plc","path":["gw"]"#
        #expect(
            text(1002)
                == response(#""name":"x","resultCode":"ERROR_IN_PARAM","resultDescription":"r","steps":[]"#, head))
        #expect(
            text(3015)
                == response(
                    #""name":"x","resultCode":"ERROR_PROCESSING","resultDescription":"r","#
                        + #""steps":[{"name":"x","result":"ERROR","description":"r"}]"#, head))
    }

    @Test func withoutOpenGateAnOperationIsAMessage() {
        let text = #"{"operation":{"request":{"id":"1","name":"READ"}}}"#
        #expect(parts(text) == ["message: " + text])
    }
}
