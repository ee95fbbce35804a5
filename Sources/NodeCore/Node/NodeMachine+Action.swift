extension NodeMachine {
    /// What the shell has to do.
    public enum Action: Equatable, Sendable {
        case none
        /// Open a stream to this URL.
        case connect(urlIndex: Int)
        /// The stream is there: send the opening handshake.
        case sendHandshake
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
