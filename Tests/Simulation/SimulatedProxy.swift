// SPDX-License-Identifier: Apache-2.0
import NodeCore
import WebSocketCore

/// A proxy between the node and its server: a correct one, or one that plays what the world has drawn for it. What it
/// has opened the way for it hands on unread.
struct SimulatedProxy {
    private enum Fate {
        case opens
        case says(String)
        case saysNothing
        case ends
    }

    private let proxy: Proxy
    private var fate: Fate
    /// What it asks for in 407; nil: it lets everybody in.
    private let challenge: String?
    /// The nonce of the first answer is too old for it.
    private var isForgetful = false
    private var held: [UInt8] = []
    private var step = 0
    /// The node knows that the way is open.
    var isThrough = false
    private var isOpen = false
    private(set) var hasEnded = false
    private var output: [UInt8] = []

    /// The settings of a node; nil: none.
    static func draw(_ random: inout Seeded) -> Proxy? {
        guard random.chance(40) else { return nil }
        let username: SecretBytes? = random.chance(50) ? "user" : nil
        let kind: Proxy.Kind = random.pick([.http, .https, .socks5])
        let password: SecretBytes? = username == nil ? nil : "secret"
        return Proxy(kind: kind, host: "proxy", port: 3128, username: username, password: password)
    }

    /// The same for all connections.
    static func drawChallenge(_ random: inout Seeded) -> String? {
        random.pick([
            nil, "Basic realm=x", #"Digest realm="x", nonce="n1", qop="auth", algorithm=SHA-256, Basic realm="x""#,
            #"Digest realm="x", nonce="n2", stale=true"#,
        ])
    }

    init(_ proxy: Proxy, challenge: String?, _ random: inout Seeded, faults: Int) {
        self.proxy = proxy
        self.challenge = challenge
        fate = .opens
        isForgetful = random.chance(faults)
        guard random.chance(faults) else { return }
        switch random.below(4) {
        case 0: fate = .says(random.pick(["HTTP/1.1 502 Bad Gateway\r\n\r\n", "\u{5}\u{1}\u{7}", "garbage\n"]))
        case 1: fate = .saysNothing
        case 2: fate = .ends
        default: fate = .says("HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\n\r\n")
        }
    }

    mutating func heal() {
        fate = .opens
        isForgetful = false
        if held.isEmpty { return }
        hasEnded = !isOpen
    }

    /// - Returns: what is for the server.
    mutating func received(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var index = 0
        while index < bytes.count, !isOpen {
            held.append(bytes[index])
            index += 1
            answer()
        }
        return UnsafeRawBufferPointer(rebasing: bytes[index...])
    }

    private mutating func answer() {
        switch fate {
        case .opens: if proxy.kind == .socks5 { answerSOCKS() } else { answerHTTP() }
        case .says(let text):
            guard held.count == 3 else { return }
            output += Array(text.utf8)
        case .saysNothing: break
        case .ends: hasEnded = held.count >= 3
        }
    }

    private mutating func answerHTTP() {
        guard held.suffix(4).elementsEqual([13, 10, 13, 10]) else { return }
        let text = String(decoding: held, as: UTF8.self)
        let hasAnswer = text.contains("Proxy-Authorization: ")
        if let challenge, proxy.username != nil, !hasAnswer {
            output += Array("HTTP/1.1 407 Who?\r\nProxy-Authenticate: \(challenge)\r\n\r\nA page.".utf8)
            hasEnded = true
        } else if hasAnswer, isForgetful {
            output += Array(
                "HTTP/1.1 407 Again\r\nProxy-Authenticate: Digest realm=\"x\", nonce=\"n3\", stale=true\r\n\r\n".utf8)
            hasEnded = true
        } else {
            output += Array("HTTP/1.1 200 OK\r\n\r\n".utf8)
            isOpen = true
        }
    }

    private mutating func answerSOCKS() {
        switch step {
        case 0 where held.count >= 2 && held.count == 2 + Int(held[1]):
            let wantsPassword = held.contains(2) && challenge != nil
            output += [5, wantsPassword ? 2 : 0]
            step = wantsPassword ? 1 : 2
            held = []
        case 1
        where held.count >= 2 && held.count > 2 + Int(held[1])
            && held.count == 3 + Int(held[1]) + Int(held[2 + Int(held[1])]):
            output += [1, 0]
            step = 2
            held = []
        case 2 where held.count >= 5 && held.count == 7 + Int(held[4]):
            output += [5, 0, 0, 1, 10, 0, 0, 1, 0, 80]
            isOpen = true
        default: break
        }
    }

    mutating func takeOutput() -> [UInt8] {
        let taken = output
        output = []
        return taken
    }
}

/// The simulated proxy does not look at what was hashed.
final class SimulatedHashes: HashFunctions {
    func has(_ hash: DigestHash) -> Bool { true }

    func digest(_ hash: DigestHash, _ bytes: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer) -> Bool {
        for index in room.indices { room[index] = UInt8(truncatingIfNeeded: bytes.count &+ index) }
        return true
    }
}
