// SPDX-License-Identifier: Apache-2.0
/// Says which ends of connections, and of attempts at one, are worth a line, for each URL by itself: the 1st, 2nd, 4th…
/// in a row, whatever their kinds, for a server has a thousand close codes to choose from; and those that are of
/// another kind than the one before them, the first `changesEach` each, then again at doubling counts.
///
/// So of n failures no more than 2 log n + `changesEach` are told, in whatever order their kinds come. After a minute
/// without a change the next one is told. Times are monotonic nanoseconds.
public struct FailureLines: Sendable {
    /// What a line says of those before it.
    public struct Told: Equatable, Sendable {
        /// Of this kind, one behind the other.
        public var ofKind: UInt64
        /// Of whatever kind.
        public var inAll: UInt64

        /// Behind a sentence; "": there is nothing to say.
        public var text: String {
            if ofKind > 1 { return " (\(ofKind) times in a row)" }
            return inAll > FailureLines.changesEach ? " (\(inAll) ends of different kinds in a row)" : ""
        }
    }

    private struct Run {
        let url: Int
        var kind: Ending.Kind
        var counts: Told
    }

    public static let changesEach: UInt64 = 8

    /// One for each URL of the settings, of which there are few.
    private var runs: [Run] = []
    /// By URL.
    private var changes = RepeatedLines<Int>()

    public init() {}

    /// Counts a failure. Returns what is to be told of those before it; nil: it is not worth a line.
    public mutating func failed(_ ending: Ending, url: Int, now: UInt64) -> Told? {
        guard let index = runs.firstIndex(where: { $0.url == url }) else {
            let first = Told(ofKind: 1, inAll: 1)
            runs.append(Run(url: url, kind: ending.kind, counts: first))
            return first
        }
        let isChange = runs[index].kind != ending.kind
        runs[index].kind = ending.kind
        runs[index].counts.inAll &+= 1
        runs[index].counts.ofKind = isChange ? 1 : runs[index].counts.ofKind &+ 1
        let counts = runs[index].counts
        // No quiet time: attempts may be hours apart.
        var isTold = counts.inAll & (counts.inAll &- 1) == 0
        if isChange, changes.came(url, now: now, each: Self.changesEach) != nil { isTold = true }
        return isTold ? counts : nil
    }
}
