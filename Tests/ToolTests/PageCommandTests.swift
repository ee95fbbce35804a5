// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import neuron_ws

@Suite struct PageCommandTests {
    private func parse(_ text: String) throws(PageCommand.Failure) -> PageCommand {
        let bytes = Array(text.utf8)
        let result: Result<PageCommand, PageCommand.Failure> = bytes.withUnsafeBytes { raw in
            do throws(PageCommand.Failure) { return .success(try PageCommand.parse(isText: true, raw)) } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    @Test func whatAPageMaySay() throws {
        #expect(
            try parse(#"{"type":"send","id":-1,"connection":7,"text":"ü\u0000"}"#)
                == .send(id: -1, connection: 7, text: [0xC3, 0xBC, 0]))
        #expect(
            try parse(#"{"type":"send","id":1,"connection":null,"text":""}"#)
                == .send(id: 1, connection: nil, text: []))
        #expect(try parse(#"{"type":"unplug","seconds":1}"#) == .unplug(seconds: 1))
        #expect(try parse(#"{"more":[],"type":"plug"}"#) == .plug)
    }

    @Test(arguments: [
        ("", "The message is no JSON: there is nothing"), ("[]", "The message is no JSON object with a type."),
        (#"{"type":5}"#, "The message is no JSON object with a type."),
        (#"{"type":"x"}"#, "The type is unknown; a page sends send, unplug or plug."),
        (#"{"type":"send","id":"1","text":""}"#, "send needs a whole number as id."),
        (#"{"type":"send","id":1}"#, "send needs a text as text."),
        (
            #"{"type":"send","id":1,"text":"","connection":1.5}"#,
            "send takes a connection's id, or null for all, as connection."
        ),
        (#"{"type":"unplug","seconds":601}"#, "unplug takes whole seconds from 1 to 600 as seconds."),
        (#"{"type":"unplug","seconds":-9223372036854775808}"#, "unplug takes whole seconds from 1 to 600 as seconds."),
    ])
    func whatItMayNot(text: String, why: String) {
        #expect(throws: PageCommand.Failure(text: why)) { try parse(text) }
    }

    @Test func noBytesAtAll() {
        #expect(throws: PageCommand.Failure.self) {
            try PageCommand.parse(isText: true, UnsafeRawBufferPointer(start: nil, count: 0))
        }
    }
}
