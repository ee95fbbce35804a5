// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

/// What an answer says of variables, and what a platform reads of it.
@Suite struct OperationVariablesTests {
    private func variables(_ json: String) throws -> OperationVariables {
        let document = try Array(json.utf8).withUnsafeBytes { try JSONText.parse($0) }
        return try OperationVariables(document.root, timestampMilliseconds: 7)
    }

    private func fault(_ json: String) -> String? {
        do {
            _ = try variables(json)
            return nil
        } catch let fault as OperationAnswer.Fault { return fault.text } catch { return "\(error)" }
    }

    /// What one of the `write` functions makes of these names.
    private func written(
        _ names: [String], _ write: (OperationAnswer.Names, inout ByteWriter) throws(EncodingError) -> Void
    ) throws -> String {
        let buffer = ByteBuffer(byteCountMax: 1 << 16)
        var writer = try ByteWriter.open(buffer)
        let texts = names.map { Array($0.utf8) }
        let held = texts.map { text -> UnsafeMutableRawBufferPointer in
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, text.count), alignment: 1)
            copy.copyBytes(from: text)
            return copy
        }
        defer { for copy in held { copy.deallocate() } }
        let list = OperationAnswer.Names(count: names.count) { index in
            UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(held[index])[..<texts[index].count])
        }
        try write(list, &writer)
        try writer.finish()
        return buffer.text
    }

    private func read(_ json: String, _ names: String...) throws -> String {
        let variables = try variables(json)
        return try written(names) { names, writer throws(EncodingError) in
            try variables.writeRead(names, to: &writer)
        }
    }

    private func wrote(_ json: String, _ names: String...) throws -> String {
        let variables = try variables(json)
        return try written(names) { names, writer throws(EncodingError) in
            try variables.writeWritten(names, to: &writer)
        }
    }

    @Test func onlyAnswersOfTheGatewayAreOfVariables() throws {
        for (json, areIn) in [
            (#"{"tags":[]}"#, true), (#"{"groups":[]}"#, true), (#"{"resultCode":"X","tags":[]}"#, false),
            ("{}", false), ("[]", false),
        ] {
            let document = try Array(json.utf8).withUnsafeBytes { try JSONText.parse($0) }
            #expect(OperationVariables.areIn(document.root) == areIn)
        }
    }

    @Test func aTagIsReadOrItsErrorTold() throws {
        let json = #"{"tags":[{"name":"a","value":1.5},{"name":"b","error":3002},{"name":"c","value":null}]}"#
        #expect(
            try read(json, "a", "b", "c", "d")
                == #"[{"variableName":"a","variableValue":1.5,"resultCode":"SUCCESS","resultDescription":"SUCCESS"},"#
                + #"{"variableName":"b","resultCode":"ERROR","resultDescription":"error 3002 of the gateway"},"#
                + #"{"variableName":"c","resultCode":"NON_EXISTENT","resultDescription":"No datastream found"},"#
                + #"{"variableName":"d","resultCode":"NON_EXISTENT","resultDescription":"No datastream found"}]"#)
    }

    @Test func aNameThatSeveralGroupsHoldIsTakenByItsGroup() throws {
        let json =
            #"{"groups":[{"group":"g","tags":[{"name":"t","value":1}]},{"group":"h","tags":[{"name":"t","value":2}]}]}"#
        let both = try read(json, "h/t", "t")
        #expect(both.contains(#""variableName":"h/t","variableValue":2,"#))
        #expect(both.contains("several groups hold the name: g, h; take g/t"))
    }

    @Test func whatBecameOfAWriteIsSaid() throws {
        let json = #"{"tags":[{"name":"a"},{"name":"b","error":3002,"reason":"locked"}]}"#
        #expect(
            try wrote(json, "a", "b", "c")
                == #"[{"variableName":"a","resultCode":"SUCCESS"},"#
                + #"{"variableName":"b","resultCode":"ERROR","resultDescription":"locked"},"#
                + #"{"variableName":"c","resultCode":"ERROR","#
                + #""resultDescription":"the gateway did not say what became of it"}]"#)
        let all = try written(["a"]) { names, writer throws(EncodingError) in
            try OperationVariables.writeAllWritten(names, to: &writer)
        }
        #expect(all == #"[{"variableName":"a","resultCode":"SUCCESS"}]"#)
    }

    @Test func aGroupThatCouldNotBeAskedFailsItsTags() throws {
        let json =
            #"{"groups":[{"group":"g","error":3001,"reason":"offline"},"#
            + #"{"group":"h","tags":[{"name":"t","value":1}]}]}"#
        #expect(try read(json, "g/t").contains(#""resultCode":"ERROR","resultDescription":"offline""#))
        let variables = try variables(json)
        #expect(variables.failure == nil)
        let remark = try written([]) { _, writer throws(EncodingError) in try variables.writeRemark(to: &writer) }
        #expect(remark == "g: offline")
        let none = try self.variables(#"{"groups":[{"group":"g","error":3001}]}"#)
        #expect(none.failure?.error == 3001)
    }

    @Test func eachNameIsRefreshedOnceWithAllItsValues() throws {
        let variables = try variables(
            #"{"timestamp":9,"tags":[{"name":"t","group":"g","value":1},"#
                + #"{"name":"t","group":"h","value":2,"timestamp":3}]}"#)
        let text = try written([]) { _, writer throws(EncodingError) in try variables.writeRefreshed(to: &writer) }
        #expect(
            text
                == #"[{"variableName":"t","variableValue":["#
                + #"{"datastreamId":"t","feed":"g","status":"OK","at":9,"value":1},"#
                + #"{"datastreamId":"t","feed":"h","status":"OK","at":3,"value":2}],"#
                + #""resultCode":"SUCCESS","resultDescription":"SUCCESS"}]"#)
    }

    @Test func whatMakesNoSenseIsNamed() {
        #expect(fault(#"{"tags":1}"#) == "\"tags\" of the answer takes an array")
        #expect(fault(#"{"tags":[{}]}"#) == "\"tags\"[0] of the answer names no tag")
        #expect(fault(#"{"groups":1}"#) == "\"groups\" of the answer takes an array")
        #expect(fault(#"{"groups":[{}]}"#) == "\"groups\"[0] of the answer names no \"group\"")
        #expect(
            fault(#"{"groups":[{"group":"g"}]}"#)
                == "\"groups\"[0] of the answer takes \"tags\", or an \"error\" that is not 0")
        #expect(
            fault(#"{"groups":[{"group":"g","tags":[{"value":1}]}]}"#)
                == "\"groups\"[0].\"tags\"[0] of the answer names no tag")
    }
}
