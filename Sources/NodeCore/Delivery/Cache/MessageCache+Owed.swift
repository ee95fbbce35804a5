// SPDX-License-Identifier: Apache-2.0
public import CNeuronWS

/// What the disk has yet to forget.
extension MessageCache {
    /// It is concluded when the disk has done the work that comes next.
    mutating func owe(_ run: Backlog.Run) {
        owedNow.messages += run.count
        owedNow.bytes += run.recordBytes
        // What is under way is not of the present one.
        if owed.count > owedInWork, isStored(run) { Self.append(run, to: &owed) } else { owed.append(run) }
    }

    private func isStored(_ run: Backlog.Run) -> Bool {
        run.firstID &+ run.count <= storedEnd || adopted.contains(run.firstID)
    }

    /// What was being stored, and is not: nothing is owed of it.
    /// - Parameter tried: what failed now, whatever `storedEnd` has passed since it was begun.
    mutating func tellUnstored(_ tried: Range<UInt64>) {
        for _ in 0..<owed.count {
            guard let run = owed.first else { break }
            if !isStored(run) || tried.contains(run.firstID) {
                tellOwed(1)
            } else if let run = owed.removeFirst() {
                owed.append(run)
            }
        }
    }

    /// This one has its outcome, and it is not told yet; for tests and the simulator.
    /// - Parameter outcome: nil: whichever it is.
    public func owes(_ id: UInt64, as outcome: neuron_ws_outcome_t? = nil) -> Bool {
        owed.contains {
            ($0.firstID..<$0.firstID &+ $0.count).contains(id) && (outcome == nil || outcome == $0.outcome)
        }
    }

    /// On a full disk some of it may have gone one by one.
    mutating func tellForgotten(before id: UInt64) {
        while let run = owed.first, run.firstID &+ run.count <= id { tellOwed(1) }
    }

    /// The first so many of what is owed.
    mutating func tellOwed(_ count: Int, as outcome: neuron_ws_outcome_t? = nil) {
        for _ in 0..<count {
            guard var run = owed.removeFirst() else { break }
            owedNow.messages -= min(owedNow.messages, run.count)
            owedNow.bytes -= min(owedNow.bytes, run.recordBytes)
            if let outcome { run.outcome = outcome }
            conclude(run)
        }
        if owed.isEmpty { owedNow = DeliveryLedger.Away() }
    }
}
