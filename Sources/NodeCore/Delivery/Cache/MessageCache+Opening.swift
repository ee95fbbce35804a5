// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// The place on disk comes, at the beginning or later, and goes.
extension MessageCache {
    /// A place on disk is there now.
    /// - Parameters:
    ///   - first: the number of the first message that was found there (`DeliveryLedger.adopt`).
    ///   - openID: of the first message without outcome before it.
    public mutating func opened(
        _ found: Found, first: UInt64, openID: UInt64, _ backlog: borrowing Backlog, now: UInt64
    ) {
        isOpen = true
        let before = clock(now)
        clockBase = found.clock
        clockStart = now
        // What came before has its age.
        func setAge(_ chunk: MessageChunk) {
            chunk.arrival = clockBase &- min(clockBase, before &- min(before, chunk.arrival))
        }
        backlog.list.forEach(setAge)
        tail.forEach(setAge)
        diskBytes = found.bytes
        asideCount = found.asideCount
        awayBytes = found.bytes
        away = first..<first &+ found.count
        adopted = away
        for each in found.gaps { holes.insert(first &+ each.lowerBound..<first &+ each.upperBound) }
        anew = 0..<0
        damagedEnd = 0
        foundEnd = away.upperBound
        takenEnd = max(takenEnd, foundEnd)
        latest.noteUnknown(away, openID: openID)
        storedEnd = openID
        forgottenBefore = openID
        reservedNumber = found.nextNumber &+ Self.numbersReserved
        // What waits is on this disk only when it is stored there.
        if unstoredSince == nil { unstoredSince = now }
        passHoles()
        skipAdopted(backlog)
    }

    /// What lay on disk is deleted; no work is under way, and no connection there. Messages that lay there alone are
    /// dropped.
    public mutating func closed(_ backlog: borrowing Backlog) {
        noteLive(backlog)
        isOpen = false
        isBusy = false
        tellOwed(owed.count)
        concludeAway(.NEURON_WS_DROPPED_STOPPED, backlog)
        away = away.upperBound..<away.upperBound
        adopted = away
        awayBytes = 0
        passHoles()
        latest.forgetNewest()
        let openID = backlog.openID
        backlog.list.forEach { latest.note($0, from: openID) }
        tail.forEach { latest.note($0) }
        diskBytes = 0
        asideCount = 0
        setAside = []
        takenOut = []
        takenOutInWork = 0
        fault = nil
        (isGone, isBroken) = (false, false)
        looksDue = false
        looksDone = looksAsked
        failures = 0
        retryAt = 0
        isOutOfRoom = false
    }

    /// What was found is on disk: nothing is to be stored between it and what lies in front of it.
    mutating func skipAdopted(_ backlog: borrowing Backlog) {
        guard storedEnd < adopted.upperBound else { return }
        if storedEnd == adopted.lowerBound || openID(backlog) >= adopted.lowerBound {
            storedEnd = adopted.upperBound
        }
        // Those in front of them, and behind, may have been dropped before they were stored.
        passStored(backlog)
    }
}
