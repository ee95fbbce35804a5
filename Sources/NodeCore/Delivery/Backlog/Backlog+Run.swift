// SPDX-License-Identifier: Apache-2.0
public import CNeuronWS

extension Backlog {
    /// Consecutive messages with one outcome.
    public struct Run: Equatable, Sendable {
        /// The number of the first.
        public var firstID: UInt64
        public var count: UInt64
        /// Of the messages as they were handed over.
        public var payloadBytes: UInt64 = 0
        /// Of memory they took.
        public var recordBytes: UInt64 = 0
        public var outcome: neuron_ws_outcome_t
        /// What is known of those that were delivered.
        public var level = neuron_ws_level_t.NEURON_WS_LEVEL_ACCEPTED

        public init(
            firstID: UInt64, count: UInt64, outcome: neuron_ws_outcome_t,
            level: neuron_ws_level_t = .NEURON_WS_LEVEL_WRITTEN
        ) {
            self.firstID = firstID
            self.count = count
            self.outcome = outcome
            if outcome == .NEURON_WS_DELIVERED { self.level = level }
            if outcome == .NEURON_WS_STORED { self.level = .NEURON_WS_LEVEL_STORED }
        }
    }

    /// What becomes of those whose turn it is to have an outcome.
    enum Verdict {
        /// As far as they are confirmed at the level in force.
        case confirmed
        /// The server refuses the first; the host has yet to be told.
        case firstRefused
        /// The node ends; the messages before this one lie on disk, and those that were found there.
        case abandoned(storedBefore: UInt64, found: Range<UInt64>)
    }

    /// What the shell has to do. A store on disk docks here: what is to be stored, loaded and removed.
    public enum Action: ~Copyable {
        /// These messages have their outcome: it goes to the ledger and to the host.
        case conclude(Run)
        /// Nothing in these is needed any more.
        case release(ChunkList)
    }

    /// What the end of a connection means for the messages that were on their way.
    public struct ConnectionEnd: Equatable, Sendable {
        /// The first without outcome is given up: once too often it ended in the middle of it.
        public var isFirstRefused: Bool
        /// It is kept, though so often in a row the server spoke of itself (1001, 1012, 1013) in the middle of it, of
        /// which somebody should hear; 0: it is not so, or not the time for it.
        public var keptCount = 0
    }

    /// What is known of one that is delivered.
    func known(of record: MessageRecord, _ id: UInt64) -> neuron_ws_level_t {
        guard level == .NEURON_WS_LEVEL_APP_ACKED, !record.has(MessageRecord.numbered) else { return level }
        return id < max(confirmedID, acknowledgedEndID) ? .NEURON_WS_LEVEL_PEER_PARSED : .NEURON_WS_LEVEL_WRITTEN
    }
}
