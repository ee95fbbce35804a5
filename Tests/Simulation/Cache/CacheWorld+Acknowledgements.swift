// SPDX-License-Identifier: Apache-2.0
import NodeCore

/// The application behind the server.
extension CacheWorld {
    /// Of what was read on this connection: all, some of it in any order, twice, nothing, or what never was.
    func acknowledge() {
        let last = reader.sequences.count - 1
        guard last >= acknowledgesFrom else { return }
        let newest = reader.sequences[last]
        switch isHealing ? 0 : acknowledgements.below(6) {
        case 0, 1:
            tell("all up to \(newest) is acknowledged")
            _ = backlog.acknowledge(newest, isCumulative: true)
            // Those in front of others, or those others, are another row.
            let isLive = { [self] (index: Int) in ids[reader.numbers[index]].map { backlog.wasLive($0) } == true }
            guard let other = (acknowledgesFrom..<last).last(where: { isLive($0) != isLive(last) }) else { return }
            _ = backlog.acknowledge(reader.sequences[other], isCumulative: true)
        case 2, 3:
            for _ in 0..<acknowledgements.within(1...10) {
                let index = acknowledgements.within(acknowledgesFrom...last)
                tell("\(reader.numbers[index]) is acknowledged, alone")
                _ = backlog.acknowledge(reader.sequences[index], isCumulative: false)
            }
        case 4:
            let far = newest &+ 100_000_000_000
            for isCumulative in [false, true] where backlog.acknowledge(far, isCumulative: isCumulative) == .new {
                fail("\(far) is taken as acknowledged, and nothing bears that number")
            }
        default: break
        }
    }
}
