// SPDX-License-Identifier: Apache-2.0
/// Whose turn it is where responses are known by nothing but their order: the sendings on the present connection, of
/// which each expects one message. Times in nanoseconds.
///
/// A response that is lost or late shifts those behind it, each to another's command, and nothing in them tells. So
/// when one has not come in its time, or its command was taken back, the order is in doubt: nothing more is sent in
/// order before each that was has had its message, or its time has passed twice. Then none is under way, and whatever
/// was lost, what is sent next gets its own. Nothing that is held back can prolong the doubt.
///
/// Invariant: there is no doubt while nothing is expected.
struct ResponseOrder: ~Copyable {
    struct Sending: BitwiseCopyable {
        let id: UInt64
        /// Among all that went out on the connection.
        let place: UInt64
        /// Until then its response may still come, though its command has ended: it is not another's.
        fileprivate(set) var until: UInt64
    }

    private var sendings = RawList<Sending>()
    private var head = 0
    /// Taken to go out, and not sent.
    private var unsent = 0
    /// What is not on its way waits.
    private(set) var isInDoubt = false

    /// Some message is expected.
    var isExpecting: Bool { head < sendings.count }

    private var last: Sending? { isExpecting ? sendings[sendings.count - 1] : nil }

    /// The one whose message is next.
    var first: Sending? { isExpecting ? sendings[head] : nil }

    // MARK: Going out

    /// One goes out, and finds its place when it is `sent`. - Returns: false: there is no room for it.
    mutating func makeRoom() -> Bool {
        let needed = sendings.count + unsent + 1
        guard needed - head <= CommandLimits.expectedMax else { return false }
        do throws(EncodingError) { try sendings.reserve(needed) } catch { return false }
        unsent += 1
        return true
    }

    /// It does not go out.
    mutating func withheld() { if unsent > 0 { unsent -= 1 } }

    /// It has gone out whole; there is room for it.
    mutating func sent(_ sending: Sending) {
        withheld()
        var sending = sending
        // It does not come before those that go before it.
        if let last { sending.until = max(sending.until, last.until) }
        do throws(EncodingError) { try sendings.append(sending) } catch { preconditionFailure("no room was made") }
    }

    // MARK: What came, or did not

    /// A response did not come in its time, or nobody waits for it any more.
    mutating func doubt() { isInDoubt = isExpecting }

    /// The first has had its message, or none comes for it.
    mutating func removeFirst() {
        head += 1
        if head == sendings.count || head >= 1024 {
            sendings.removeFirst(head)
            head = 0
        }
        if !isExpecting { isInDoubt = false }
    }

    /// The next connection owes nothing.
    mutating func forget() {
        sendings = RawList()
        (head, unsent, isInDoubt) = (0, 0, false)
    }
}
