// SPDX-License-Identifier: Apache-2.0
public import CNeuronWS

/// What a node's cache wants done on disk, in one transaction: all of it or nothing. Messages are named by their
/// numbers.
public struct SpoolWork: ~Copyable {
    /// All before this one have their outcome: what lies of them on disk may go.
    public var forgetsBefore: UInt64 = 0
    /// These have their outcome, though some before them have none: they go from where they lie.
    public var takenOut: [Range<UInt64>] = []
    /// So many bytes of the oldest batches from `dropsFrom` on have to make room.
    public var dropsFrom: UInt64 = 0
    public var dropsBytes: UInt64 = 0
    /// Batches from `dropsFrom` on whose messages came before this, milliseconds on the cache's clock, are too old.
    public var expiresBefore: UInt64 = 0
    /// Of batches from `compactsFrom` on those messages go that are superseded, and those that are forgotten in front
    /// of others, until `compactsBytes` are free or all was looked through; before the oldest make room. nil: none go.
    public var latest: GroupLatest?
    public var compactsFrom: UInt64 = 0
    /// Superseded ones before this one are in memory too, and are named by `takenOut`.
    public var latestFrom: UInt64 = 0
    public var compactsBytes: UInt64 = 0
    /// So many rows of messages may go, and those of a batch.
    public var compactsPartsMax = MessageHoles.countMax
    /// To be stored, each a row of its own.
    public var batches = ChunkList()
    /// What lies there of these gives place to `batches`.
    public var replaces: Range<UInt64> = 0..<0
    /// The number behind the last message of `batches`; 0: none are stored.
    public var storesBefore: UInt64 = 0
    /// Batches from this message on are wanted in memory, `loadsBytes` of them but one at least; 0: none are.
    public var loadsFrom: UInt64 = 0
    public var loadsBytes = 0
    /// Batches with this message, and those behind it, are neither loaded nor dropped.
    public var movesBefore = UInt64.max
    /// Messages may bear numbers up to this one; 0: as before.
    public var reservesNumber: UInt64 = 0
    /// Set aside, because the server refuses them; their numbers tell them apart.
    public var setAside: [SetAsideMessage] = []
    /// What those that are set aside may take, bytes: the oldest make room, and the newest stays whatever it takes.
    public var setAsideBytesMax: UInt64 = 0
    /// Whether what lies there is still in its place is looked at, though nothing is written.
    public var looks = false
    /// The time, milliseconds on the cache's clock.
    public var clock: UInt64 = 0

    public init() {}
}

/// Why the disk did not do what was asked.
public enum SpoolFault: Equatable, Sendable {
    case full, readOnly, denied, ioError, held, newer, missing, noMemory, other
}

/// What has come of `SpoolWork`.
public struct SpoolResult: ~Copyable {
    /// Batches that were deleted, in order.
    public struct Gone: Equatable, Sendable {
        public var ids: Range<UInt64>
        public var bytes: UInt64
        public var outcome: neuron_ws_outcome_t

        public init(ids: Range<UInt64>, bytes: UInt64, outcome: neuron_ws_outcome_t) {
            self.ids = ids
            self.bytes = bytes
            self.outcome = outcome
        }
    }

    /// The work as it was given; its `batches` are given back.
    public var work: SpoolWork
    /// nil: all of it is done, and lies on disk as the setting durability says.
    public var fault: SpoolFault?
    /// The disk has no room for so many batches at once; there may be some for fewer.
    public var isTooMuch = false
    public var gone: [Gone] = []
    /// What was superseded and is gone, in order.
    public var compacted: [GroupLatest.Part] = []
    /// There was enough before all was looked through.
    public var hasMoreToCompact = false
    public var loaded = ChunkList()
    /// The first message that is not loaded yet; `.max`: there is none behind.
    public var loadedEnd: UInt64 = 0
    /// Bytes that were read or were damaged, as they count on disk.
    public var loadedBytes: UInt64 = 0
    /// On disk now.
    public var diskBytes: UInt64 = 0
    /// Where there is a fault: all before this one are forgotten there all the same.
    public var forgottenBefore: UInt64 = 0
    /// Messages that lie there set aside.
    public var asideCount: UInt64 = 0
    /// What lay there was damaged, and is now what could be read of it.
    public var isSalvaged = false
    /// With that: of these nothing is there, the first of them, in order; some may have had their outcome.
    public var missing: [Range<UInt64>] = []
    /// Where there is a fault: what lay there is gone from its place, and no later life finds it. What was to be loaded
    /// is, as far as it can be read.
    public var isGone = false
    /// Where there is a fault: what lies there is damaged, and not put right.
    public var isBroken = false

    public init(_ work: consuming SpoolWork) { self.work = work }
}
