// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct OperationAnswerTests {
    private let gateway = OpenGateIdentity(deviceID: "gw", isReduced: false)

    private func encoding(reportsErrors: Bool = false) -> EncodingOptions {
        EncodingOptions(format: .openGate, reportsErrors: reportsErrors, openGate: gateway)
    }

    private func request(_ members: String) throws -> Request {
        var rules = anyRules
        rules.openGate = gateway
        let text = Array(#"{"operation":{"request":{"id":"1",\#(members)}}}"#.utf8)
        let found: Request? = text.withUnsafeBytes { bytes in
            var incoming = IncomingMessage.make(bytes)
            while let part = incoming?.next(rules) {
                if case .unfinished = part { continue }
                if case .request(let request) = part { return request }
            }
            return nil
        }
        return try #require(found)
    }

    private func answer(_ json: String, _ members: String) throws -> (String, String?) {
        let document = try Array(json.utf8).withUnsafeBytes { try JSONText.parse($0) }
        let made = try OperationAnswer.final(
            document.root, to: try request(members), encoding(), timestampMilliseconds: 5)
        return (made.document.text, made.upload?.text)
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

    /// Two groups of a device may have tags of one name.
    @Test func aVariableIsTakenFromTheGroupThatItNames() throws {
        let values = #"{"name":"t","group":"a","value":1},{"name":"t","group":"b","value":2},{"name":"u","value":3}"#
        let ask = #""name":"GET_DEVICE_PARAMETERS","parameters":{"variableList":["a/t","b/t","c/t","x/u","t"]}"#
        let grouped = #"{"group":"a","tags":[{"name":"t","value":1}]},{"group":"b","tags":[{"name":"t","value":2}]}"#
        let good = #""resultCode":"SUCCESS","resultDescription":"SUCCESS""#
        let none = #""resultCode":"NON_EXISTENT","resultDescription":"No datastream found""#
        for (json, u) in [
            (#"{"tags":[\#(values)]}"#, #""variableValue":3,\#(good)"#), (#"{"groups":[\#(grouped)]}"#, none),
        ] {
            let (text, _) = try answer(json, ask)
            #expect(
                text.contains(
                    #"[{"variableName":"a/t","variableValue":1,\#(good)},"#
                        + #"{"variableName":"b/t","variableValue":2,\#(good)},{"variableName":"c/t",\#(none)},"#
                        + #"{"variableName":"x/u",\#(u)},{"variableName":"t","resultCode":"ERROR","#
                        + #""resultDescription":"several groups hold the name: a, b; take a/t"}]"#), "\(text)")
        }
    }

    /// However many there are of one name, or groups: the time grows with their number and not with its square.
    @Test func manyOfOneNameTakeNoLongerThanManyOfMany() throws {
        let count = 20_000
        // To look through megabytes for it takes minutes where nothing is optimised.
        func end(_ text: String) -> String { String(decoding: Array(text.utf8).suffix(500), as: UTF8.self) }
        let write = Array(repeating: #"{"name":"t","value":1}"#, count: count).joined(separator: ",")
        let written = Array(repeating: #"{"name":"t","error":0}"#, count: count).joined(separator: ",")
        let (text, _) = try answer(
            #"{"tags":[\#(written)]}"#, #""name":"SET_DEVICE_PARAMETERS","parameters":{"variableList":[\#(write)]}"#)
        #expect(text.utf8.count > count * 30)
        let names = (0..<count).map { "\"g\($0)/t\"" }.joined(separator: ",")
        let ask = #""name":"GET_DEVICE_PARAMETERS","parameters":{"variableList":[\#(names)]}"#
        let failed = (0..<count).map { #"{"group":"g\#($0)","error":2106}"# }.joined(separator: ",")
        #expect(end(try answer(#"{"groups":[\#(failed)]}"#, ask).0).contains("NON_EXISTENT"))
        let good = (0..<count).map { #"{"group":"g\#($0)","tags":[{"name":"t","value":1}]}"# }.joined(separator: ",")
        let (all, _) = try answer(#"{"groups":[\#(good)]}"#, ask)
        #expect(end(all).contains(#""variableName":"g\#(count - 1)/t","variableValue":1"#))
    }

    /// A group that cannot be asked costs its own variables; where none can be asked nothing is done.
    @Test func groupsFailOneByOneOrAllTogether() throws {
        let ask = #""name":"GET_DEVICE_PARAMETERS","parameters":{"variableList":["a/t","b/t","t","u"]}"#
        let a = #"{"group":"a","tags":[{"name":"t","value":1}]}"#
        let (text, _) = try answer(#"{"groups":[\#(a),{"group":"b","error":3004,"reason":"off"}]}"#, ask)
        #expect(text.contains(#""description":"b: off""#))
        #expect(text.contains(#"{"variableName":"b/t","resultCode":"ERROR","resultDescription":"off"}"#))
        #expect(text.contains(#"{"variableName":"t","variableValue":1,"#))
        #expect(text.contains(#"{"variableName":"u","resultCode":"ERROR","resultDescription":"off"}"#))
        let (unknown, _) = try answer(#"{"groups":[\#(a),{"group":"b","error":2106}]}"#, ask)
        #expect(unknown.contains(#"{"variableName":"b/t","resultCode":"NON_EXISTENT","#))
        #expect(unknown.contains(#"{"variableName":"u","resultCode":"NON_EXISTENT","#))
        let (all, _) = try answer(#"{"groups":[{"group":"a","error":2106},{"group":"b","error":2003}]}"#, ask)
        #expect(
            all.contains(
                #""resultCode":"ERROR_PROCESSING","resultDescription":"Unable to send operation to lower levels""#))
    }

    /// Nothing was read: that is no success of each variable.
    @Test func aReadIsNotDoneWithoutValues() {
        let ask = #""name":"GET_DEVICE_PARAMETERS","parameters":{"variableList":["t"]}"#
        #expect(throws: OperationAnswer.Fault.self) { try self.answer(#"{"error":0}"#, ask) }
    }

    @Test func errorsThatAreReportedArePublishedToo() throws {
        let json = Array(#"{"tags":[{"name":"t","group":"a","value":1},{"name":"x","error":3002}]}"#.utf8)
        let document = try json.withUnsafeBytes { try JSONText.parse($0) }
        let made = try OperationAnswer.final(
            document.root, to: try request(#""name":"REFRESH_INFO""#), encoding(reportsErrors: true),
            timestampMilliseconds: 5)
        #expect(
            made.upload?.text
                == #"{"version":"9.0","device":"gw","datastreams":["#
                + #"{"id":"t","feed":"a","datapoints":[{"at":5,"value":1}]}],"errors":[{"id":"x","error":3002}]}"#)
    }

    /// After a restart: which variables were asked for is not known any more.
    @Test func valuesMayComeByID() throws {
        func byID(_ members: String) throws -> (id: [UInt8], answer: OperationAnswer) {
            let json = Array(#"{"id":"a/b","deviceId":"plc","path":["gw"],\#(members)}"#.utf8)
            let document = try json.withUnsafeBytes { try JSONText.parse($0) }
            return try OperationAnswer.final(byID: document.root, encoding(), timestampMilliseconds: 5)
        }
        let tags = #""tags":[{"name":"t","group":"g","value":1}]"#
        let (id, got) = try byID(#""name":"GET_DEVICE_PARAMETERS",\#(tags)"#)
        #expect(id == Array("a/b".utf8) && got.upload == nil)
        #expect(
            got.document.text.contains(
                #"[{"variableName":"t","variableValue":1,"resultCode":"SUCCESS","resultDescription":"SUCCESS"}]"#))
        let refreshed = try byID(#""name":"REFRESH_INFO",\#(tags)"#).answer
        #expect(
            refreshed.upload?.text
                == #"{"version":"9.0","device":"plc","path":["gw"],"datastreams":["#
                + #"{"id":"t","feed":"g","datapoints":[{"at":5,"value":1}]}]}"#)
    }

    /// What came with an operation has so many bytes at most: a longer one is none that was asked for.
    @Test func whatAnOperationIsNamedByIsShort() throws {
        let long = String(repeating: "x", count: 5000)
        for members in [
            #""id":"\#(long)","name":"n""#, #""id":"1","name":"\#(long)""#,
            #""id":"1","name":"n","deviceId":"\#(long)""#,
        ] {
            let json = Array("{\(members),\"error\":0}".utf8)
            let document = try json.withUnsafeBytes { try JSONText.parse($0) }
            #expect(throws: OperationAnswer.Fault.self) {
                try OperationAnswer.final(byID: document.root, self.encoding(), timestampMilliseconds: 5)
            }
        }
    }

    /// A name with a slash, a group with one, and names that several groups share.
    @Test func namesAreFoundWhateverStandsInThem() throws {
        let groups = (0..<6).map { #"{"group":"g\#($0)","tags":[{"name":"t","value":\#($0)}]}"# }.joined(separator: ",")
        let (text, _) = try answer(
            #"{"groups":[\#(groups),{"group":"a/b","tags":[{"name":"c","value":7},{"name":"c","value":8}]}]}"#,
            #""name":"GET_DEVICE_PARAMETERS","parameters":{"variableList":["t","g5/t","a/b/c","c","a/c"]}"#)
        let shared = #""t","resultCode":"ERROR","resultDescription":"several groups hold the name: "#
        #expect(text.contains(shared + #"g0, g1, g2, g3, 2 more; take g0/t"}"#))
        #expect(text.contains(#""g5/t","variableValue":5"#) && text.contains(#""a/b/c","variableValue":8"#))
        #expect(text.contains(#""c","variableValue":8"#) && text.contains(#""a/c","resultCode":"NON_EXISTENT""#))
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
        (#"{"groups":{}}"#, "\"groups\""), (#"{"groups":[{"tags":[]}]}"#, "\"groups\"[0]"),
        (#"{"groups":[{"group":"g"}]}"#, "\"groups\"[0]"),
        (#"{"groups":[{"group":"g","tags":[5]}]}"#, "\"groups\"[0].\"tags\"[0]"),
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
