// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct DeliveryRulesTests {
    private func problem(_ members: String) -> String? {
        do throws(SettingsError) {
            _ = try NodeSettings.parse(json: #"{"url":"ws://h",\#(members)}"#)
            return nil
        } catch { return error.text }
    }

    @Test func acknowledgementsBringNumbersAndHaveAName() throws {
        let settings = try NodeSettings.parse(json: #"{"url":"ws://h","delivery":"app-acked"}"#)
        #expect(settings.delivery == .NEURON_WS_LEVEL_APP_ACKED && settings.numbersMessages)
        #expect(settings.ackMember == Array("ack".utf8))
        let named = try NodeSettings.parse(json: #"{"url":"ws://h","delivery":2,"ack-member":"done","sequence":true}"#)
        #expect(named.ackMember == Array("done".utf8) && named.numbersMessages)
        let plain = try NodeSettings.parse(json: #"{"url":"ws://h"}"#)
        #expect(!plain.numbersMessages && plain.delivery == .NEURON_WS_LEVEL_WRITTEN)
    }

    @Test(arguments: [
        (#""delivery":"peer-parsed","ping-interval":0"#, "\"delivery\" is `peer-parsed` and needs Pings"),
        (#""delivery":"app-acked","ack-member":"uuid""#, "\"ack-member\" is a member of requests"),
        (
            #""delivery":"app-acked","format":"opengate","device-id":"d","api-key":"k""#,
            "\"delivery\" is `app-acked`; documents of the format \"opengate\" have no place for a message's number"
        ),
        (
            #""sequence":true,"format":"opengate","device-id":"d","api-key":"k""#,
            "\"sequence\" is true; documents of the format"
        ),
        (
            #""sequence":true,"format":"custom","schema":["${tags}"]"#,
            "\"schema\" has no place for a message's number, where \"sequence\" is true: it takes an object"
        ),
        (#""sequence":true,"format":"custom","schema":"${tag_values}""#, "\"schema\" has no place"),
        (#""delivery":"app-acked","format":"custom","schema":{"seq":1}"#, "where \"delivery\" is `app-acked`"),
        (#""sequence":true,"format":"custom","schema":{"resent":1}"#, "\"schema\" has no place"),
    ])
    func whatCannotWorkIsRefusedAndWhySaid(members: String, expected: String) {
        let text = problem(members)
        #expect(text?.contains(expected) == true, "\(text ?? "taken")")
    }

    @Test(arguments: [
        #""sequence":true,"format":"custom","schema":{"a":{"seq":1},"t":"${tags}"}"#,
        #""sequence":false,"format":"custom","schema":["${tags}"]"#, #""sequence":true,"message-type":"binary""#,
        #""delivery":"app-acked","sequence":false"#, #""ack-member":"done""#,
        #""delivery":"app-acked","ping-interval":0"#, #""delivery":"app-acked","ack-member":"""#,
    ])
    func whatWorksIsTaken(members: String) { #expect(problem(members) == nil) }
}
