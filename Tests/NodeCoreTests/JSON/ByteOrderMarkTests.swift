// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

/// Wherever a document comes in, it may begin with a byte order mark (RFC 8259 §8.1).
@Suite struct ByteOrderMarkTests {
    private static let mark = "\u{FEFF}"

    @Test func itIsSkippedOnceAtTheBeginningAlone() {
        func skipped(_ text: String) -> String {
            Array(text.utf8).withUnsafeBytes { String(decoding: ByteOrderMark.skipped($0), as: UTF8.self) }
        }
        #expect(skipped(Self.mark + "{}") == "{}")
        #expect(skipped("{}" + Self.mark) == "{}" + Self.mark)
        #expect(skipped(Self.mark) == "" && skipped("") == "")
        #expect([UInt8]([0xEF, 0xBB]).withUnsafeBytes { ByteOrderMark.skipped($0).count } == 2)
    }

    @Test func settingsAndWhatStandsInThemAsText() throws {
        let template = "\\ufeff[\\\"${node}\\\"]"
        let static_tags = "\\ufeff{\\\"a\\\":1}"
        let json = #"\#(Self.mark){"url":"ws://h/","format":3,"schema":"\#(template)","static_tags":"\#(static_tags)"}"#
        let settings = try NodeSettings.parse(json: json)
        #expect(settings.encoding.template != nil && settings.encoding.staticTags != nil)
    }

    @Test func groupsWithLargeIntegersToo() throws {
        let json = Self.mark + #"{"node":"n","group":"g","tags":[{"name":"a","value":18446744073709551615}]}"#
        let document = try Array(json.utf8).withUnsafeBytes { bytes throws(GroupDocumentError) in
            try GroupDocument.parse(bytes)
        }
        document.withGroup { #expect($0.pointee.tags[0].value.u64 == .max) }
    }

    @Test func subscriptionParametersAndOptions() throws {
        let parameters = Array((Self.mark + #"{"static_tags":{"a":1}}"#).utf8)
        #expect(try parameters.withUnsafeBytes { try SubscriptionParameters.parse(json: $0) }.staticTags != nil)
    }
}
