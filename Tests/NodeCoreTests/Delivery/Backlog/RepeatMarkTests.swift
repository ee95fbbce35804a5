// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct RepeatMarkTests {
    @Test func theMarkStandsInFrontAndStaysWhileTheMessageGoesOut() {
        let mark = RepeatMark()
        let text = #"{"seq":1,"stream":"s","a":2}"#
        Array(text.utf8).withUnsafeBytes { bytes in
            let first = whole(mark, bytes, id: 1)
            #expect(first.map { String(decoding: $0, as: UTF8.self) } == #"{"resent":true,"seq":1,"stream":"s","a":2}"#)
            #expect(whole(mark, bytes, id: 1)?.baseAddress == first?.baseAddress)
            mark.framed()
            #expect(whole(mark, bytes, id: 2)?.count == bytes.count + 14)
        }
    }

    private func whole(
        _ mark: RepeatMark, _ bytes: UnsafeRawBufferPointer, id: UInt64, bytesLeft: Int = 1000
    ) -> UnsafeRawBufferPointer? {
        var left = bytesLeft
        guard case .whole(let marked) = mark.marked(bytes, id: id, bytesLeft: &left) else { return nil }
        return marked
    }

    @Test func aLargeMessageIsMarkedInPieces() {
        let mark = RepeatMark()
        let text = #"{"seq":1,"a":""# + String(repeating: "x", count: 1000) + "\"}"
        Array(text.utf8).withUnsafeBytes { bytes in
            var calls = 1
            while whole(mark, bytes, id: 1, bytesLeft: 100) == nil { calls += 1 }
            #expect(calls == (bytes.count - 1 + 99) / 100)
            let marked = whole(mark, bytes, id: 1, bytesLeft: 0).map { String(decoding: $0, as: UTF8.self) }
            #expect(marked == #"{"resent":true,"# + text.dropFirst())
            // Another one in between begins anew.
            #expect(whole(mark, bytes, id: 2, bytesLeft: 100) == nil)
            #expect(whole(mark, bytes, id: 1, bytesLeft: 2000)?.count == bytes.count + 14)
        }
    }

    /// Whatever the buffer's size, whole and in fragments, compressed or not: once marked it comes whole.
    @Test func whatMayHaveArrivedSaysSoOnTheNextConnectionAndNothingElse() {
        for compresses in [false, true] {
            for room in [40, 61, 200, 5000] {
                var bench = OutboxBench()
                bench.backlog.setLevel(.NEURON_WS_LEVEL_PEER_PARSED)
                bench.outbox.fragmentBytesMax = compresses ? 0 : 33
                for index in 1...4 { bench.pushNumbered(#"{"a":"\#(String(repeating: "x", count: 50))\#(index)"}"#) }
                while bench.fill(room: room) == .bufferFull, bench.backlog.nextID < 4 {}
                let sent = bench.messages()
                bench.settle(written: bench.stream.count)
                let whole = Int(bench.backlog.unwrittenID) - 1
                #expect(whole == sent.count)
                bench.cut()
                if compresses { bench.connect() } else { bench.connectPlainly() }
                while true {
                    let stop = bench.fill(room: room)
                    if stop == .allFramed { break }
                    #expect(stop == .bufferFull || stop == .deflating)
                }
                let again = bench.messages().map { $0.hasPrefix("~") ? String($0.dropFirst()) : $0 }
                #expect(again.count == 4)
                for (index, text) in again.enumerated() {
                    let mark = index < whole ? "\"resent\":true," : ""
                    let begin = "{" + mark + "\"seq\":\(index + 1),"
                    #expect(text.hasPrefix(begin))
                }
            }
        }
    }
}
