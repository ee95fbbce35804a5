// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NodeCore

@Suite struct SOCKS5StepTests {
    /// A proxy that gives these answers, one for each thing that was said.
    private func run(
        _ answers: [[UInt8]], host: String = "plant.example", proxy: Proxy? = nil
    ) -> (said: [[UInt8]], progress: StepProgress) {
        let proxy = proxy ?? Proxy(kind: .socks5, host: "proxy", port: 1080)
        var step = SOCKS5Step(host: host, port: 0x01BB, proxy)
        var said: [[UInt8]] = [Self.take(&step)]
        for answer in answers {
            for (index, byte) in answer.enumerated() {
                var offset = 0
                let progress = step.bytesReceived([byte].span.bytes, from: &offset, wallSeconds: 0)
                #expect(offset == 1)
                guard case .needsBytes = progress else {
                    #expect(index == answer.count - 1, "not a byte too early")
                    return (said, progress)
                }
                let more = Self.take(&step)
                if !more.isEmpty { said.append(more) }
            }
        }
        return (said, .needsBytes)
    }

    private static func take(_ step: inout SOCKS5Step) -> [UInt8] {
        var bytes: [UInt8] = []
        while !step.output.isAllSent {
            withUnsafeTemporaryAllocation(byteCount: 3, alignment: 1) { space in
                var position = 0
                step.output.fill(space, at: &position)
                bytes += space[..<position]
            }
        }
        return bytes
    }

    private func isDone(_ progress: StepProgress) -> Bool { if case .done = progress { true } else { false } }

    private func error(_ progress: StepProgress) -> ProxyError? {
        if case .failed(.proxy(let error)) = progress { return error }
        return nil
    }

    private static let good: [UInt8] = [5, 0, 0, 1, 10, 0, 0, 1, 0, 80]

    @Test func aNameGoesToTheProxy() {
        let (said, progress) = run([[5, 0], Self.good])
        #expect(said == [[5, 1, 0], [5, 1, 0, 3, 13] + Array("plant.example".utf8) + [0x01, 0xBB]])
        #expect(isDone(progress))
    }

    @Test func addressesGoAsBytes() {
        #expect(run([[5, 0]], host: "10.1.2.3").said.last == [5, 1, 0, 1, 10, 1, 2, 3, 1, 0xBB])
        let version6: [UInt8] = [0xFE, 0x80] + [UInt8](repeating: 0, count: 13) + [1]
        #expect(run([[5, 0]], host: "fe80::1%eth0").said.last == [5, 1, 0, 4] + version6 + [1, 0xBB])
    }

    @Test func showsUserAndPasswordOnlyWhereTheProxyWantsThem() {
        let proxy = Proxy(kind: .socks5, host: "proxy", port: 1080, username: "me", password: "word")
        let asked = run([[5, 2], [1, 0], Self.good], proxy: proxy)
        #expect(asked.said[0] == [5, 2, 0, 2])
        #expect(asked.said[1] == [1, 2] + Array("me".utf8) + [4] + Array("word".utf8))
        #expect(asked.said.count == 3 && isDone(asked.progress))
        let unasked = run([[5, 0], Self.good], proxy: proxy)
        #expect(unasked.said.count == 2 && isDone(unasked.progress))
        #expect(error(run([[5, 2], [1, 1]], proxy: proxy).progress) == .credentialsRefused)
        #expect(error(run([[5, 2], [5, 255]], proxy: proxy).progress) == .credentialsRefused)
    }

    @Test func theBoundAddressMayBeOfAnyKind() {
        for bound: [UInt8] in [
            [1, 0, 0, 0, 0], [4] + [UInt8](repeating: 7, count: 16), [3, 0],
            [3, 255] + [UInt8](repeating: 1, count: 255),
        ] {
            #expect(isDone(run([[5, 0], [5, 0, 0] + bound + [0, 0]]).progress))
        }
    }

    @Test func nothingBehindTheReplyIsTaken() {
        var step = SOCKS5Step(host: "plant", port: 80, Proxy(kind: .socks5, host: "proxy", port: 1))
        var offset = 0
        let all: [UInt8] = [5, 0] + Self.good + Array("HTTP".utf8)
        let progress = step.bytesReceived(all.span.bytes, from: &offset, wallSeconds: 0)
        #expect(isDone(progress) && offset == all.count - 4)
    }

    @Test func everyReplyHasItsWords() {
        var texts: Set<String> = []
        for reply in 1...UInt8(10) {
            let error = error(run([[5, 0], [5, reply]]).progress)
            #expect(error == .socksReply(reply))
            texts.insert(error?.text ?? "")
        }
        #expect(texts.count == 10)
        #expect(ProxyError.socksReply(5).text.contains("refused the connection"))
        #expect(ProxyError.socksReply(255).text.contains("reply 255"))
    }

    @Test func whatIsNoSOCKSIsSoon() {
        #expect(error(run([Array("H".utf8)]).progress)?.text.contains("write http:// for socks5h://") == true)
        #expect(error(run([[4]]).progress) == .notSOCKS(first: 4))
        #expect(error(run([[5, 0xFF]]).progress) == .credentialsMissing)
        #expect(error(run([[5, 1]]).progress) == .notSOCKS(first: 1))
        #expect(error(run([[5, 2]]).progress) == .notSOCKS(first: 2), "it was not offered")
        #expect(error(run([[5, 0], [5, 0, 0, 9, 0]]).progress) == .notSOCKS(first: 9))
        let proxy = Proxy(kind: .socks5, host: "proxy", port: 1, username: "u", password: "p")
        #expect(error(run([[5, 0xFF]], proxy: proxy).progress) == .noCommonMethod)
    }
}
