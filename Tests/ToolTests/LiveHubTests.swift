// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import neuron_ws

@Suite struct LiveHubTests {
    private func at(_ milliseconds: Int64) -> LiveHub.Moment {
        LiveHub.Moment(unixMilliseconds: 1_700_000_000_000 + milliseconds, milliseconds: milliseconds)
    }

    private func gateway(_ number: Int, _ milliseconds: Int64 = 0) -> LiveHub.Connection {
        LiveHub.Connection(
            number: number, address: "127.0.0.1:5", path: "/x\"", subprotocol: "p",
            unixMilliseconds: 1_700_000_000_000 + milliseconds)
    }

    /// All that a page is sent by then.
    private func taken(_ hub: inout LiveHub, _ page: Int, _ milliseconds: Int64) -> [String] {
        var texts: [String] = []
        while case .send(let bytes) = hub.nextStep(page, nowMilliseconds: milliseconds) {
            texts.append(String(decoding: bytes, as: UTF8.self))
        }
        return texts
    }

    private func say(
        _ hub: inout LiveHub, _ text: String, at now: LiveHub.Moment, isText: Bool = true
    ) -> LiveHub.Request {
        Array(text.utf8).withUnsafeBytes { hub.pageReceived(9, isText: isText, $0, now) }
    }

    private func opened() -> LiveHub {
        var hub = LiveHub()
        hub.pageOpened(9, hello: Array("hello".utf8), at(0))
        _ = taken(&hub, 9, 0)
        return hub
    }

    @Test func aPageIsToldWhatThereIs() {
        var hub = LiveHub()
        hub.opened(gateway(2, 20), at(20))
        hub.opened(gateway(1, 10), at(10))
        hub.opened(gateway(3), at(30))
        hub.closed(3, code: 1000, reason: "", at(31))
        hub.pageOpened(9, hello: Array("hello".utf8), at(40))
        let first =
            #"{"type":"connection","id":1,"phase":"open","address":"127.0.0.1:5","path":"/x\"","#
            + #""subprotocol":"p","compression":"off","at":1700000000010}"#
        let second = first.replacing(#""id":1"#, by: #""id":2"#).replacing("010}", by: "020}")
        #expect(taken(&hub, 9, 40) == ["hello", first, second, #"{"type":"plugged"}"#])
    }

    @Test func aConnectionThatEnds() {
        var hub = opened()
        hub.opened(gateway(1), at(0))
        hub.opened(gateway(2), at(0))
        hub.closed(1, code: 1008, reason: "a \"b\"", at(7))
        hub.closed(2, code: nil, reason: "", at(8))
        // What was refused was none.
        hub.closed(4, code: nil, reason: "", at(9))
        let texts = taken(&hub, 9, 9)
        #expect(texts.count == 4)
        #expect(texts[2].hasSuffix(#""at":1700000000007,"code":1008,"reason":"a \"b\""}"#))
        #expect(texts[3].hasSuffix(#""at":1700000000008,"code":1006,"reason":""}"#))
    }

    @Test func nobodyLooksNothingIsKept() {
        var hub = LiveHub()
        hub.opened(gateway(1), at(0))
        #expect(Array("x".utf8).withUnsafeBytes { hub.received(1, isText: true, $0, at(0)) } == [])
        hub.pageOpened(9, hello: [], at(1))
        #expect(taken(&hub, 9, 1000).filter { $0.contains("messages") } == [])
    }

    @Test func whoIsToBeWoken() {
        var hub = opened()
        hub.pageOpened(10, hello: [], at(0))
        #expect(Array("x".utf8).withUnsafeBytes { hub.received(1, isText: true, $0, at(0)) }.sorted() == [9, 10])
        // They know of it.
        #expect(Array("y".utf8).withUnsafeBytes { hub.received(1, isText: true, $0, at(1)) } == [])
        _ = taken(&hub, 9, 60)
        #expect(Array("z".utf8).withUnsafeBytes { hub.received(1, isText: true, $0, at(61)) } == [9])
        hub.pageEnded(9)
        #expect(hub.pageNumbers == [10])
    }

    @Test func whatIsTooLargeIsLeftOut() {
        var hub = opened()
        let limit = [UInt8](repeating: 0x78, count: LiveHub.shownBytesMax)
        _ = limit.withUnsafeBytes { hub.received(1, isText: true, $0, at(0)) }
        _ = (limit + [0x78]).withUnsafeBytes { hub.received(1, isText: false, $0, at(0)) }
        let texts = taken(&hub, 9, 60)
        #expect(texts.count == 2)
        #expect(
            texts.last == #"{"type":"messages","list":[{"connection":1,"at":1700000000000,"kind":"binary","#
                + #""bytes":1048577,"left_out":true}]}"#)
    }

    @Test func unpluggedAndPlugged() {
        var hub = opened()
        hub.plugged(at(1))
        hub.unplugged(milliseconds: 5000, at(2))
        hub.pageOpened(10, hello: [], at(3))
        #expect(taken(&hub, 10, 3).last == #"{"type":"unplugged","until":1700000005002}"#)
        hub.plugged(at(4))
        #expect(taken(&hub, 9, 4) == [#"{"type":"unplugged","until":1700000005002}"#, #"{"type":"plugged"}"#])
    }

    @Test func sendsToThoseThatAreThere() {
        var hub = opened()
        #expect(say(&hub, #"{"type":"send","id":1,"connection":null,"text":"x"}"#, at: at(0)) == .nothing)
        hub.opened(gateway(3), at(0))
        hub.opened(gateway(2), at(0))
        _ = taken(&hub, 9, 0)
        #expect(
            say(&hub, #"{"type":"send","id":2,"connection":3,"text":"x"}"#, at: at(0))
                == .send(id: 2, text: [0x78], connections: [3]))
        #expect(
            say(&hub, #"{"type":"send","id":3,"text":"x"}"#, at: at(0))
                == .send(id: 3, text: [0x78], connections: [2, 3]))
        #expect(say(&hub, #"{"type":"send","id":4,"connection":1,"text":"x"}"#, at: at(0)) == .nothing)
        hub.sent(9, id: 3, to: [2], of: [2, 3], at(0))
        hub.sent(9, id: 2, to: [], of: [3], at(0))
        let texts = taken(&hub, 9, 0)
        #expect(texts[0] == #"{"type":"failed","id":4,"why":"There is no open connection 1."}"#)
        #expect(texts[1] == #"{"type":"sent","id":3,"connections":[2]}"#)
        #expect(texts[2].hasPrefix(#"{"type":"failed","id":2,"why":"Connection 3 has ended, or not read"#))
    }

    @Test func unplugsAndPlugs() {
        var hub = opened()
        #expect(say(&hub, #"{"type":"unplug","seconds":600}"#, at: at(0)) == .unplug(seconds: 600))
        #expect(say(&hub, #"{"type":"plug"}"#, at: at(0)) == .plug)
        #expect(say(&hub, #"{"type":"plug"}"#, at: at(0), isText: false) == .nothing)
        #expect(taken(&hub, 9, 0).map { $0.hasPrefix(#"{"type":"error","why":"A binary"#) } == [true])
    }

    @Test func aHundredMessagesASecondAndNoMore() {
        var hub = opened()
        for second in Int64(0)...1 {
            for _ in 0..<100 { #expect(say(&hub, #"{"type":"plug"}"#, at: at(second * 1000)) == .plug) }
        }
        #expect(hub.closing(of: 9) == nil)
        #expect(say(&hub, #"{"type":"plug"}"#, at: at(1999)) == .nothing)
        #expect(hub.closing(of: 9)?.code == 1008)
        #expect(say(&hub, #"{"type":"plug"}"#, at: at(5000)) == .nothing)
    }

    @Test func aPageThatHasLeftIsNobody() {
        var hub = opened()
        hub.pageEnded(9)
        #expect(say(&hub, #"{"type":"plug"}"#, at: at(0)) == .nothing)
        #expect(hub.nextStep(9, nowMilliseconds: 0) == .idle)
        hub.sent(9, id: 1, to: [1], of: [1], at(0))
        #expect(!hub.hasPages)
    }
}

extension String {
    /// The first of it, without Foundation.
    fileprivate func replacing(_ part: String, by other: String) -> String {
        Text.cut(self, at: part).map { $0.before + other + $0.behind } ?? self
    }
}
