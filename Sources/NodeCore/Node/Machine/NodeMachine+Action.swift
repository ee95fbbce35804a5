// SPDX-License-Identifier: Apache-2.0
extension NodeMachine {
    /// What the shell has to do.
    public enum Action: Equatable, Sendable {
        case none
        /// Open a stream to this URL.
        case connect(urlIndex: Int)
        /// The stream is there, or has TLS now: the next step of the negotiation goes out.
        case negotiate
        /// The same attempt on a new stream, as a proxy wants it.
        case redial
        /// Messages may flow.
        case opened
        case sendPing(sequence: UInt64)
        /// Queue a Close frame with this code; what is being written goes out first.
        case sendClose(code: UInt16)
        /// Drop the stream; the ending is published. `sendsClose`: try a Close frame (1001) without waiting.
        case disconnect(Ending, sendsClose: Bool)
        /// The same, and connect anew at once.
        case reconnect(Ending, urlIndex: Int, sendsClose: Bool)
        /// There is no stream, and none is wanted any more.
        case becomeIdle(Ending)
    }
}
