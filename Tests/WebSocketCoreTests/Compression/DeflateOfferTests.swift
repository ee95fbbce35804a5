// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

struct DeflateOfferTests {
    @Test func asksNothingOfTheServerByDefault() {
        #expect(DeflateOffer().text == "permessage-deflate; client_max_window_bits")
    }

    @Test func offersASecondTimeWhereTheFirstAsksForSomething() {
        #expect(
            DeflateOffer(windowBits: 10).text
                == "permessage-deflate; server_max_window_bits=10; client_max_window_bits=10, "
                + "permessage-deflate; client_max_window_bits")
        #expect(
            DeflateOffer(contextTakeover: false).text
                == "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
                + "client_max_window_bits, "
                + "permessage-deflate; client_no_context_takeover; client_max_window_bits")
        #expect(
            DeflateOffer(windowBits: 9, contextTakeover: false).text
                == "permessage-deflate; server_no_context_takeover; server_max_window_bits=9; "
                + "client_no_context_takeover; client_max_window_bits=9, "
                + "permessage-deflate; client_no_context_takeover; client_max_window_bits")
    }

    @Test func neverPromisesAWindowThatZlibCannotDeflateWithAndStaysShort() {
        for bits in 9...15 {
            for takeover in [true, false] {
                let text = DeflateOffer(windowBits: bits, contextTakeover: takeover).text
                #expect(!(text + ",").contains("bits=8,") && !text.contains("bits=8;"))
                #expect(text.utf8.count <= 200)
                #expect(
                    ExtensionList.parse(text)?.members.last?.parameters.contains { $0.name.hasPrefix("server") }
                        == false)
            }
        }
    }

    @Test func goesBeforeOtherOffersInTheRequest() {
        let url = request().url
        let key = [UInt8](repeating: 0, count: 16)
        let deflate = DeflateOffer()
        let both = HandshakeRequest(url: url, key: key, extensions: "x-other", deflate: deflate)
        #expect(both.extensions == "permessage-deflate; client_max_window_bits, x-other")
        let encoded = HandshakeRequest(url: url, key: key, deflate: deflate).encoded()
        let text = String(decoding: encoded.bytes, as: UTF8.self)
        #expect(text.contains("\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"))
    }
}
