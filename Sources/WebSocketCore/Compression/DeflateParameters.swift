// SPDX-License-Identifier: Apache-2.0
/// What client and server have agreed on for permessage-deflate (RFC 7692 §7.1).
public struct DeflateParameters: Equatable, Sendable {
    public static let name = "permessage-deflate"

    /// The server's messages do not refer to those before them (§7.1.1.1).
    public var serverNoContextTakeover = false
    /// The client's messages must not refer to those before them (§7.1.1.2).
    public var clientNoContextTakeover = false
    /// 8 to 15: how far back the server's messages refer, as a power of two of bytes (§7.1.2.1).
    public var serverMaxWindowBits = 15
    /// 8 to 15: how far back the client's messages may refer, as a power of two of bytes (§7.1.2.2). With 8, a client
    /// on zlib sends what it has uncompressed, which the RFC always allows (§6): zlib's least window is 9.
    public var clientMaxWindowBits = 15

    public init() {}

    /// As in the header; at most 128 bytes. What is at its default is left out.
    public var text: String {
        var text = Self.name
        if serverNoContextTakeover { text += "; server_no_context_takeover" }
        if clientNoContextTakeover { text += "; client_no_context_takeover" }
        if serverMaxWindowBits < 15 { text += "; server_max_window_bits=\(serverMaxWindowBits)" }
        if clientMaxWindowBits < 15 { text += "; client_max_window_bits=\(clientMaxWindowBits)" }
        return text
    }

    /// Reads the server's answer to a `DeflateOffer`. Each of them names client_max_window_bits and has a last offer
    /// that asks nothing of the server, so that the answer may hold any of the four parameters with any value.
    ///
    /// RFC 7692 §5.1, §7.1: an unknown parameter, one that comes twice, or a value that is none fails the connection.
    static func agreed(_ answer: ExtensionList.Member) throws(HandshakeError) -> DeflateParameters {
        var agreed = DeflateParameters()
        var seen: [String] = []
        for parameter in answer.parameters {
            if seen.contains(where: { ASCII.equalsIgnoringCase($0, parameter.name) }) {
                throw .invalidDeflateAnswer(ForeignText("\(parameter.name) comes twice"))
            }
            seen.append(parameter.name)
            if ASCII.equalsIgnoringCase(parameter.name, "server_no_context_takeover") {
                try agreed.refuseValue(parameter)
                agreed.serverNoContextTakeover = true
            } else if ASCII.equalsIgnoringCase(parameter.name, "client_no_context_takeover") {
                try agreed.refuseValue(parameter)
                agreed.clientNoContextTakeover = true
            } else if ASCII.equalsIgnoringCase(parameter.name, "server_max_window_bits") {
                agreed.serverMaxWindowBits = try windowBits(parameter)
            } else if ASCII.equalsIgnoringCase(parameter.name, "client_max_window_bits") {
                agreed.clientMaxWindowBits = try windowBits(parameter)
            } else {
                throw .invalidDeflateAnswer(ForeignText("\(parameter.name) is no parameter of it"))
            }
        }
        return agreed
    }

    private func refuseValue(_ parameter: ExtensionList.Parameter) throws(HandshakeError) {
        if let value = parameter.value {
            throw .invalidDeflateAnswer(ForeignText("\(parameter.name) is \(value); it takes no value"))
        }
    }

    /// §7.1.2: a decimal number from 8 to 15 without leading zeros; in an answer it cannot be left out.
    private static func windowBits(_ parameter: ExtensionList.Parameter) throws(HandshakeError) -> Int {
        guard let value = parameter.value else {
            throw .invalidDeflateAnswer(ForeignText("\(parameter.name) has no value; expected 8 to 15"))
        }
        for bits in 8...15 where ASCII.equals(value, "\(bits)") { return bits }
        throw .invalidDeflateAnswer(ForeignText("\(parameter.name) is \(value); expected 8 to 15"))
    }
}
