// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NodeCore

/// What a connection holds of a large message while the peer says nothing more.
@Suite struct ConnectionMemoryTests {
    @Test func aLargeMessageIsNotKeptOnceItIsHandled() {
        var bench = ConnectionBench.opened()
        let piece = [UInt8](repeating: 7, count: 60_000)
        let frames =
            ConnectionBench.frame(2, piece, fin: false) + ConnectionBench.frame(0, piece, fin: false)
            + ConnectionBench.frame(0, piece)
        var counts: [Int] = []
        frames.withUnsafeBytes { raw in
            var offset = 0
            while offset < raw.count {
                let step = bench.connection.bytesReceived(raw, from: &offset, wallSeconds: 0, budget: &bench.budget)
                guard case .event(.message(_, let bytes)) = step else { continue }
                let before = bytes.withBytes { $0.count }
                bytes.handled()
                counts = [before, bytes.withBytes { $0.count }]
            }
        }
        #expect(counts == [180_000, 0])
    }

    @Test func whatALargeMessageWasInflatedFromIsNotKeptBesideIt() {
        // Three stored blocks (RFC 1951 §3.2.4), and the begin of an empty one, whose rest is left out (RFC 7692
        // §7.2.1).
        let block = [0, 0x50, 0xC3, 0xAF, 0x3C] + [UInt8](repeating: 7, count: 50_000)
        let frames =
            ConnectionBench.frame(2, block, fin: false, rsv1: true) + ConnectionBench.frame(0, block, fin: false)
            + ConnectionBench.frame(0, block + [0])
        var bench = ConnectionBench.opened(compresses: true)
        var counts: [Int] = []
        frames.withUnsafeBytes { raw in
            var offset = 0
            while true {
                let step = bench.connection.bytesReceived(raw, from: &offset, wallSeconds: 0, budget: &bench.budget)
                if case .needsBytes = step { break }
                guard case .event(.message(_, let bytes)) = step else { continue }
                counts = [bytes.withBytes { $0.count }, bench.connection.endpoint?.message?.count ?? -1]
                bytes.handled()
            }
        }
        #expect(counts == [150_000, 0])
    }
}
