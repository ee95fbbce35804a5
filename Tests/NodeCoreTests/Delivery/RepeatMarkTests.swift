// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct RepeatMarkTests {
    @Test func theMarkStandsInFrontAndStaysWhileTheMessageGoesOut() {
        let mark = RepeatMark()
        let text = #"{"seq":1,"stream":"s","a":2}"#
        Array(text.utf8).withUnsafeBytes { bytes in
            let first = mark.marked(bytes, id: 1)
            #expect(first.map { String(decoding: $0, as: UTF8.self) } == #"{"resent":true,"seq":1,"stream":"s","a":2}"#)
            #expect(mark.marked(bytes, id: 1)?.baseAddress == first?.baseAddress)
            mark.framed()
            #expect(mark.marked(bytes, id: 2)?.count == bytes.count + 14)
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
