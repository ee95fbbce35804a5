// SPDX-License-Identifier: Apache-2.0
import CLinux

/// What is written and read, and what is waited for.
extension ServerConnection {
    var pendingBytes: Int { output.count - outputStart }

    /// Writes what waits, as far as it goes.
    /// - Returns: whether something went; nil when the connection has failed.
    func drain() -> Bool? {
        var moved = false
        while pendingBytes > 0 {
            let outcome = output.withUnsafeBytes { stream.write(UnsafeRawBufferPointer(rebasing: $0[outputStart...])) }
            switch outcome {
            case .bytes(let count):
                outputStart += count
                moved = true
            case .notNow:
                // A client that always leaves something unread must not make the written part grow for ever.
                if outputStart > Self.outputBytesMax, outputStart > pendingBytes {
                    output.removeFirst(outputStart)
                    outputStart = 0
                }
                return moved
            case .end: return nil
            case .failed(let why):
                if record.ending.isEmpty { record.ending = why }
                return nil
            }
        }
        output.removeAll(keepingCapacity: true)
        outputStart = 0
        return moved
    }

    /// Writes all of it, waiting where it must; for the handshake.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        output.append(contentsOf: bytes)
        let deadline = Self.milliseconds() + Self.handshakeMilliseconds
        while true {
            guard drain() != nil else { return false }
            if pendingBytes == 0 { return true }
            guard wait(reading: false, writing: true, until: deadline) else { return false }
        }
    }

    /// Ends our side and gives the client a moment to end its own, so that what we sent is not lost to an RST.
    func finish(_ how: String) {
        if record.ending.isEmpty { record.ending = how }
        stream.finish()
        let deadline = Self.milliseconds() + Self.farewellMilliseconds
        while true {
            switch stream.read(into: input) {
            case .bytes:
                // Somebody may go on sending for ever.
                if Self.milliseconds() >= deadline { return }
            case .notNow:
                guard wait(reading: true, until: deadline) else { return }
            case .end, .failed: return
            }
        }
    }

    func over(_ how: String) -> Bool {
        if record.ending.isEmpty { record.ending = how }
        return false
    }

    func pause(_ behaviour: ServerBehaviour, reads: Bool) -> Progress {
        if reads && stream.hasBufferedBytes { return .moved }
        var deadline = min(closeDeadline, hostDeadline)
        if behaviour.pingIntervalMilliseconds != nil { deadline = min(deadline, nextPingMilliseconds) }
        let writes = pendingBytes > 0 || stream.waitsForWriting
        if let pace, !reads, behaviour.readBytesPerSecond != nil, !isStalled, !writes {
            // A client that has left is noticed when all it sent has been read.
            deadline = min(deadline, pace.readyMilliseconds)
            _ = poll(watches: false, reading: false, writing: false, until: deadline)
            return .moved
        }
        let isGone = poll(reading: reads, writing: writes, until: deadline)
        if isGone && !reads {
            record.ending = "the client is gone"
            return .over
        }
        return .moved
    }

    /// - Returns: false when the time is over or somebody wants the connection to end.
    func wait(reading: Bool, writing: Bool = false, until deadline: Int64) -> Bool {
        let isGone = poll(reading: reading, writing: writing || stream.waitsForWriting, until: deadline)
        switch currentWish {
        case .none: break
        case .end: return over("ended by us")
        case .reset:
            isReset = true
            return over("reset by us")
        }
        if isGone && !reading && !writing { return over("the client is gone") }
        return Self.milliseconds() < deadline ? true : over("no word in time")
    }

    /// - Returns: whether both sides of the connection have ended.
    private func poll(watches: Bool = true, reading: Bool, writing: Bool, until deadline: Int64) -> Bool {
        // A behaviour that changes is noticed within a quarter of a second.
        let left = min(250, max(0, deadline - Self.milliseconds()))
        let events = (reading ? POLLIN : 0) | (writing ? POLLOUT : 0)
        let found = waker.poll(watches ? stream.descriptor : -1, events: events, timeoutMilliseconds: Int32(left))
        return found & (POLLHUP | POLLERR) != 0
    }

    static func milliseconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
    }
}
