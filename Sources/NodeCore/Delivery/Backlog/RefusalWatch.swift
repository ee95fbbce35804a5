// SPDX-License-Identifier: Apache-2.0
/// Finds the message that a server refuses, so that it is not sent for ever and what is behind it flows.
///
/// Under suspicion is the message that has no outcome yet though the peer has got some of it: the first that the kernel
/// did not take whole. One that the kernel took whole is `written` and never sent again, whatever the server says of
/// it.
///
/// A try counts when the peer itself ended the connection in the middle of the message: by a Close frame, by the end of
/// the stream, by a reset, by bytes that are no WebSocket. What the network does, or we, does not count and changes
/// nothing: a Ping without answer, an errno but for a reset, a stop, new settings.
///
/// The message is given up
/// - after `alikeMax` tries in a row that ended alike, the last of them with it alone: with the same close code, or all
///   without one, and, where the code does not speak of a message (1003, 1007, 1009 do), about as far into the message
///   as the one before. A link or a server that ends at random gets now further and now less far;
/// - after `triesMax` tries in a row that did not, or by a code with which a server speaks of itself (1001, 1012,
///   1013): what waits behind it must not wait for ever. Where it is the server that confirms messages, such a code is
///   no try: a store that is away for an hour refuses nothing, and what it has not confirmed is kept. It is only
///   counted, so that somebody hears of a message that does not get through.
///
/// Before a try that may be the last alike, nothing is sent for `quietNanoseconds`: a server that ends the connection
/// then does it without the message, and that is no try. Where `quietEndsMax` connections in a row end so, none may
/// live for longer: the message goes at once on the next one, whose end says nothing of it either, but that what is
/// never confirmed is given up after `triesMax` tries.
public struct RefusalWatch: Sendable {
    /// The message in whose middle a connection ended.
    public struct Suspect: Equatable, Sendable {
        public var id: UInt64
        public var byteCount: Int
        /// How far the peer's kernel has got into its frames, bytes.
        public var place: UInt64

        public init(id: UInt64, byteCount: Int, place: UInt64) {
            self.id = id
            self.byteCount = byteCount
            self.place = place
        }
    }

    public static let alikeMax = 3
    public static let triesMax = 10
    public static let quietNanoseconds: UInt64 = 1_000_000_000
    public static let quietEndsMax = 3

    /// What the buffers on the way hold makes so much difference to the place of an end, bytes.
    static let placeTolerance: UInt64 = 1024 * 1024

    private var id: UInt64 = 0
    private var closeCode: UInt16 = 0
    private var place: UInt64 = 0
    /// In a row, of the message `id`.
    public private(set) var tries = 0
    private var alike = 0
    /// In a row of connections, on which it was not sent.
    private var quietEnds = 0
    /// In a row the server spoke of itself in the middle of the message `keptID`, which it is to confirm.
    private var keptID: UInt64 = 0
    private var kept = 0
    /// So often, where somebody should hear of it, at `triesMax` and at each doubling of that; 0: it is not so, or not
    /// the time for it.
    private(set) var keptToTell = 0

    public init() {}

    /// How long a new connection is left alone before messages go out.
    public var quiet: UInt64 {
        let isLast = alike >= Self.alikeMax - 1 || tries >= Self.triesMax - 1
        return isLast && quietEnds < Self.quietEndsMax ? Self.quietNanoseconds : 0
    }

    /// An open connection ended, and the peer has got nothing of the message `id`, the first without outcome.
    mutating func endedWithout(_ id: UInt64) {
        if suspects(id), quiet > 0 { quietEnds += 1 }
    }

    /// A connection ended in the middle of this one.
    func suspects(_ id: UInt64) -> Bool { tries > 0 && self.id == id }

    /// An open connection ended.
    /// - Parameters:
    ///   - suspect: nil: in the middle of no message.
    ///   - isConfirmed: the peer confirms messages, and has not confirmed this one.
    ///   - isAlone: no other could be meant.
    /// - Returns: true: the message is to be given up.
    public mutating func connectionEnded(
        _ ending: Ending, during suspect: Suspect?, isConfirmed: Bool = false, isAlone: Bool = true
    ) -> Bool {
        keptToTell = 0
        guard let suspect, ending.isByPeer else { return false }
        let endsByItself = suspects(suspect.id) && exchange(&quietEnds, with: 0) >= Self.quietEndsMax
        if isConfirmed, endsByItself || Self.codesOfServer.contains(ending.closeCode) {
            kept = keptID == suspect.id ? kept + 1 : 1
            keptID = suspect.id
            let (times, rest) = kept.quotientAndRemainder(dividingBy: Self.triesMax)
            keptToTell = rest == 0 && times.nonzeroBitCount == 1 ? kept : 0
            return false
        }
        if suspect.id != id { self = RefusalWatch() }
        let isAlike = tries > 0 && self.isAlike(ending, suspect)
        id = suspect.id
        closeCode = ending.closeCode
        place = suspect.place
        tries += 1
        if !endsByItself { alike = isAlike ? alike + 1 : 1 }
        let speaksOfItself = Self.codesOfServer.contains(closeCode)
        guard tries >= Self.triesMax || alike >= Self.alikeMax && !speaksOfItself && isAlone else { return false }
        let tries = self.tries
        self = RefusalWatch()
        triesOfGivenUp = tries
        return true
    }

    /// How many tries the message had that was given up last, for a text.
    public private(set) var triesOfGivenUp = 0

    /// unsupported data, invalid payload, message too big.
    private static let codesOfMessage: [UInt16] = [1003, 1007, 1009]
    /// going away, service restart, try again later.
    private static let codesOfServer: [UInt16] = [1001, 1012, 1013]

    private func isAlike(_ ending: Ending, _ suspect: Suspect) -> Bool {
        guard ending.closeCode == closeCode else { return false }
        if Self.codesOfMessage.contains(closeCode) { return true }
        let distance = max(place, suspect.place) - min(place, suspect.place)
        return distance <= max(Self.placeTolerance, UInt64(suspect.byteCount) / 8)
    }
}
