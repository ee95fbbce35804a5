// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NodeCore

@Suite struct WebSocketStepTests {
    private func step() throws -> WebSocketStep {
        let url = try WebSocketURL.parse("ws://plant/data")
        return WebSocketStep(HandshakeRequest(url: url, key: [UInt8](repeating: 7, count: 16), deflate: nil))
    }

    /// All that it has to say, `room` bytes at a time.
    private func sent(_ step: inout WebSocketStep, room: Int = 4096) -> [UInt8] {
        var all: [UInt8] = []
        while !step.output.isAllSent {
            withUnsafeTemporaryAllocation(byteCount: room, alignment: 1) { space in
                var position = 0
                step.output.fill(space, at: &position)
                all += space[..<position]
            }
        }
        return all
    }

    private func answer(_ request: [UInt8]) throws -> [UInt8] {
        var handshake = ServerHandshake()
        var offset = 0
        return try #require(try handshake.bytesReceived(request.span.bytes, from: &offset)).accepted(extensions: nil)
    }

    @Test func itsRequestGoesOutHoweverLittleRoomThereIs() throws {
        var whole = try step()
        let request = sent(&whole)
        #expect(request.count == whole.output.count)
        for room in 1...request.count + 1 {
            var pieces = try step()
            #expect(request == sent(&pieces, room: room))
        }
    }

    @Test func itReadsToTheEndOfTheAnswerAndNoFurther() throws {
        var first = try step()
        let bytes = try answer(sent(&first))
        for cut in 0...bytes.count {
            var step = try step()
            let begun = Array(bytes[..<cut])
            var offset = 0
            let progress = step.bytesReceived(begun.span.bytes, from: &offset, wallSeconds: 0)
            #expect(offset == cut)
            if case .done = progress { #expect(cut == bytes.count) } else { #expect(cut < bytes.count) }
            guard cut < bytes.count else { continue }
            let rest = Array(bytes[cut...]) + [0x81, 0]
            offset = 0
            guard case .done = step.bytesReceived(rest.span.bytes, from: &offset, wallSeconds: 0) else {
                Issue.record("not done, cut at \(cut)")
                continue
            }
            #expect(offset == rest.count - 2 && step.httpStatus == 101)
        }
    }

    @Test func aRefusalHasItsStatus() throws {
        var step = try step()
        let bytes = Array("HTTP/1.1 503 No\r\n\r\n".utf8)
        var offset = 0
        guard case .failed(.webSocket) = step.bytesReceived(bytes.span.bytes, from: &offset, wallSeconds: 0) else {
            Issue.record("taken")
            return
        }
        #expect(step.httpStatus == 503)
    }

    /// The text of a refusal may come in packets of its own, or not at all.
    @Test(arguments: [
        ("Content-Length: 9\r\n\r\nno tenant", "no tenant"),
        ("Transfer-Encoding: chunked\r\n\r\n9\r\nno tenant\r\n0\r\n\r\n", "no tenant"),
        ("Content-Length: 9\r\nContent-Type: text/html\r\n\r\n<p>no</p>", nil), ("Content-Length: 0\r\n\r\n", nil),
        ("\r\n", nil),
    ])
    func theTextOfARefusalIsReadWhereverItIsCut(rest: String, said: String?) throws {
        let head = "HTTP/1.1 401 No\r\n"
        let bytes = Array((head + rest).utf8)
        for cut in 0...bytes.count {
            var step = try step()
            var offset = 0
            let first = Array(bytes[..<cut])
            var progress = step.bytesReceived(first.span.bytes, from: &offset, wallSeconds: 0)
            if case .needsBytes = progress, cut < bytes.count {
                offset = 0
                progress = step.bytesReceived(Array(bytes[cut...]).span.bytes, from: &offset, wallSeconds: 0)
            }
            guard case .failed(.webSocket(.unexpectedStatus(401, _, _))) = progress else {
                Issue.record("cut at \(cut): \(progress)")
                continue
            }
            #expect(step.said?.shown() == said && step.refused == nil, "cut at \(cut)")
        }
    }

    @Test func aTextThatDoesNotComeIsGivenUp() throws {
        let url = try WebSocketURL.parse("ws://plant/data")
        let request = HandshakeRequest(url: url, key: [UInt8](repeating: 7, count: 16), deflate: nil)
        let limits = EndpointLimits(maxMessageBytes: 100, maxFrameBytes: 100)
        let connection = Connection(request, .init(limits: limits, compression: nil, fragmentBytesMax: 0))
        connection.transportOpened()
        var budget = TurnBudget(lengthNanoseconds: 1_000_000, now: 0)
        let texts = [("HTTP/1.1 401 No\r\n", false), ("Content-Length: 90\r\n\r\nno te", true), ("nant", true)]
        for (text, awaits) in texts {
            var offset = 0
            let step = Array(text.utf8).withUnsafeBytes {
                connection.bytesReceived($0, from: &offset, wallSeconds: 0, budget: &budget)
            }
            guard case .needsBytes = step else {
                Issue.record("\(text): it does not wait")
                return
            }
            #expect(connection.awaitsText == awaits)
        }
        guard case .webSocket(.unexpectedStatus(401, _, _))? = connection.takeRefusal() else {
            Issue.record("no refusal")
            return
        }
        #expect(connection.said?.shown() == "no tenant" && connection.takeRefusal() == nil)
    }
}
