// SPDX-License-Identifier: Apache-2.0
/// What a client asks for when it offers permessage-deflate (RFC 7692 §7.1).
public struct DeflateOffer: Equatable, Sendable {
    /// 9 to 15: the window, as the power of two of its bytes, that the client wants used in both directions.
    ///
    /// Not 8, although the RFC has it: zlib cannot deflate with a window of 256 bytes, and whoever offers 8 promises
    /// to. That a server may still answer with 8 is `DeflateParameters.clientMaxWindowBits`' business.
    public let windowBits: Int
    /// Whether messages may refer to those before them.
    public let contextTakeover: Bool

    public init(windowBits: Int = 15, contextTakeover: Bool = true) {
        precondition((9...15).contains(windowBits))
        self.windowBits = windowBits
        self.contextTakeover = contextTakeover
    }

    /// Whether something is asked of the server that it may not be able to do.
    private var asksServer: Bool { windowBits < 15 || !contextTakeover }

    /// The value of Sec-WebSocket-Extensions, at most 200 bytes; libwebsockets takes no more than 255.
    ///
    /// Where something is asked of the server there are two offers (RFC 7692 §5.1): one that asks for it, and one for
    /// servers that cannot do it. Some servers pass over what they do not know in an offer and answer without it;
    /// their answer then agrees to the second.
    public var text: String {
        // §7.1.2.2: naming client_max_window_bits allows the server to narrow our window; it costs us nothing.
        let ours = (contextTakeover ? "" : "; client_no_context_takeover") + "; client_max_window_bits"
        guard asksServer else { return "permessage-deflate" + ours }
        var first = "permessage-deflate"
        if !contextTakeover { first += "; server_no_context_takeover" }
        if windowBits < 15 { first += "; server_max_window_bits=\(windowBits)" }
        return first + ours + (windowBits < 15 ? "=\(windowBits)" : "") + ", permessage-deflate" + ours
    }
}
