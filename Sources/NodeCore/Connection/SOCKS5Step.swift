// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// SOCKS5 (RFC 1928) with user and password (RFC 1929) as a step. Names go to the proxy as they are.
struct SOCKS5Step: NegotiationStep {
    private enum State {
        /// Which of our methods the proxy takes.
        case method
        case password
        case reply
    }

    /// Of the longest message, bytes: user and password, or the request.
    static let outputBytesMax = 3 + 2 * Proxy.socksTextBytesMax
    private static let version: UInt8 = 5
    private static let noAuthentication: UInt8 = 0
    private static let userAndPassword: UInt8 = 2

    var output: StepOutput
    let httpStatus = 0
    private let request: SecretBytes
    private let credentials: SecretBytes?
    private var state = State.method
    /// Of the proxy's present message, as far as it has come; at most 262 bytes.
    private var held: [UInt8] = []

    init(host: String, port: UInt16, _ proxy: Proxy) {
        var request: [UInt8] = [Self.version, 1, 0] + Self.address(host)
        request.append(UInt8(port >> 8))
        request.append(UInt8(port & 0xFF))
        self.request = request.withUnsafeBytes { SecretBytes($0) }
        credentials = proxy.username.map { Self.credentials($0, proxy.password ?? "") }
        let methods = credentials == nil ? [Self.noAuthentication] : [Self.noAuthentication, Self.userAndPassword]
        let greeting = [Self.version, UInt8(methods.count)] + methods
        output = StepOutput(greeting.withUnsafeBytes { SecretBytes($0) })
    }

    /// RFC 1928 §5: an IPv4 address, a name, or an IPv6 address, whose zone means nothing elsewhere.
    private static func address(_ host: String) -> [UInt8] {
        let plain = host.utf8.prefix { $0 != UInt8(ascii: "%") }
        if let bytes = IPAddressBytes.parse(String(decoding: plain, as: UTF8.self)) {
            return [bytes.count == 4 ? 1 : 4] + bytes
        }
        // A URL's host has at most 253 bytes.
        let name = Array(host.utf8.prefix(255))
        return [3, UInt8(name.count)] + name
    }

    /// RFC 1929 §2.
    private static func credentials(_ user: SecretBytes, _ password: SecretBytes) -> SecretBytes {
        let size = 3 + user.count + password.count
        return SecretBytes(capacity: size) { room in
            room[0] = 1
            room[1] = UInt8(truncatingIfNeeded: user.count)
            user.withBytes { UnsafeMutableRawBufferPointer(rebasing: room[2...]).copyMemory(from: $0) }
            room[2 + user.count] = UInt8(truncatingIfNeeded: password.count)
            let rest = UnsafeMutableRawBufferPointer(rebasing: room[(3 + user.count)...])
            password.withBytes { rest.copyMemory(from: $0) }
            return size
        } ?? user
    }

    mutating func bytesReceived(_ input: RawSpan, from offset: inout Int, wallSeconds: Int64) -> StepProgress {
        while offset < input.byteCount {
            held.append(input.unsafeLoad(fromByteOffset: offset, as: UInt8.self))
            offset += 1
            do throws(ProxyError) {
                if try byteCame() { return .done(nil) }
            } catch {
                return .failed(.proxy(error))
            }
        }
        return .needsBytes
    }

    /// True: the way is open.
    private mutating func byteCame() throws(ProxyError) -> Bool {
        // RFC 1929 has a version of its own, and some proxies write the other one.
        if held.count == 1, held[0] != Self.version, state != .password { throw .notSOCKS(first: held[0]) }
        switch state {
        case .method:
            guard held.count == 2 else { return false }
            try methodChosen(held[1])
        case .password:
            guard held.count == 2 else { return false }
            guard held[1] == 0 else { throw .credentialsRefused }
            say(request, .reply)
        case .reply:
            if held.count == 2, held[1] != 0 { throw .socksReply(held[1]) }
            if held.count < 5 { return false }
            return held.count == (try replyLength())
        }
        return false
    }

    private mutating func methodChosen(_ method: UInt8) throws(ProxyError) {
        switch method {
        case Self.noAuthentication: say(request, .reply)
        case Self.userAndPassword:
            guard let credentials else { throw .notSOCKS(first: method) }
            say(credentials, .password)
        default:
            // 0xFF: none of those that were offered.
            guard method == 0xFF else { throw .notSOCKS(first: method) }
            throw credentials == nil ? .credentialsMissing : .noCommonMethod
        }
    }

    private mutating func say(_ bytes: SecretBytes, _ next: State) {
        output = StepOutput(bytes)
        state = next
        held.removeAll()
    }

    /// RFC 1928 §6: the address that the proxy has bound, of any kind, and a port.
    private func replyLength() throws(ProxyError) -> Int {
        switch held[3] {
        case 1: 4 + 4 + 2
        case 3: 4 + 1 + Int(held[4]) + 2
        case 4: 4 + 16 + 2
        default: throw .notSOCKS(first: held[3])
        }
    }
}
