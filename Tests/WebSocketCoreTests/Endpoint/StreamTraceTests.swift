// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

@Suite struct StreamTraceTests {
    private static let request =
        "GET /data?apikey=s3cret HTTP/1.1\r\nHost: plant:80\r\nAuthorization: Bearer s3cret\r\nX-Key: s3cret\r\n"
        + "sec-websocket-protocol: a\r\n\r\n"

    /// The lines of these bytes, which come in pieces of `size`.
    private func lines(_ bytes: [UInt8], size: Int = .max) -> [String] {
        var trace = StreamTrace()
        var lines: [String] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + min(size, bytes.count))
            bytes[start..<end].withUnsafeBytes { lines += trace.read($0.bytes) }
            start = end
        }
        return lines
    }

    private func frames(_ bytes: [UInt8]) -> [String] {
        Array(lines(Array("HTTP/1.1 101 OK\r\n\r\n".utf8) + bytes).dropFirst())
    }

    @Test func theHeadIsToldWithoutItsSecrets() {
        let expected = [
            "GET /data?… HTTP/1.1", "Host: plant:80", "Authorization: …", "X-Key: …", "sec-websocket-protocol: a",
        ]
        #expect(lines(Array(Self.request.utf8)) == expected)
    }

    @Test func framesAreToldByKindAndLength() {
        #expect(frames([0x81, 2, 0x68, 0x69]) == ["text, 2 bytes: hi"])
        #expect(frames([0x82, 2, 0x00, 0xFF]) == ["binary, 2 bytes: 00 ff"])
        #expect(frames([0x01, 1, 0x61, 0x80, 0]) == ["text, not the last frame, 1 byte: a", "continuation, 0 bytes"])
        #expect(frames([0x89, 1, 7, 0x8A, 0]) == ["ping, 1 byte: 07", "pong, 0 bytes"])
        #expect(frames([0x88, 5, 0x03, 0xF0, 0x62, 0x79, 0x65]) == ["close, 5 bytes: 1008 bye"])
        #expect(frames([0xC1, 1, 0x0A]) == ["text, compressed, 1 byte"])
        #expect(frames([0x83, 0]) == ["a frame of a reserved kind, 0 bytes"])
    }

    @Test func aMaskIsTakenOff() {
        #expect(frames([0x81, 0x82, 1, 2, 3, 4, 0x68 ^ 1, 0x69 ^ 2]) == ["text, 2 bytes: hi"])
    }

    @Test func longPayloadsAreCutAndSkipped() {
        let long = [0x82, 126, 0x04, 0x00] + [UInt8](repeating: 0xAB, count: 1024) + [0x81, 1, 0x61]
        let told = frames(long)
        #expect(told.count == 2)
        #expect(told[0].hasPrefix("binary, 1024 bytes: ab ab ab") && told[0].hasSuffix("…"))
        #expect(told[1] == "text, 1 byte: a")
    }

    @Test func whatATerminalWouldObeyIsSpelledOut() {
        #expect(frames([0x81, 1, 0x1B]) == ["text, 1 byte: \\u{1b}"])
    }

    @Test func anySplitTellsTheSame() {
        let frames: [UInt8] = [0x81, 0x82, 1, 2, 3, 4, 0x69, 0x6B, 0x89, 0, 0x82, 126, 0, 3, 1, 2, 3]
        let bytes = Array(Self.request.utf8) + frames
        let whole = lines(bytes)
        for size in 1...20 { #expect(lines(bytes, size: size) == whole) }
    }

    /// Wherever it begins in a stream, it finds the next frame: the endpoint that has read so far knows where it is.
    @Test func itBeginsAnywhereBetweenTwoBytes() {
        let long = [0x02, 126, 1, 0] + [UInt8](repeating: 0xAB, count: 256)
        let huge = [0x80, 127, 0, 0, 0, 0, 0, 1, 0, 0] + [UInt8](repeating: 0xCD, count: 65_536)
        let parts: [[UInt8]] = [[0x81, 2, 0x68, 0x69], [0x89, 0], long, [0x8A, 1, 7], huge, [0x82, 1, 0x61]]
        let bytes = parts.flatMap { $0 }
        var all = frames(bytes)
        let shown = all[4]
        let hidden = "continuation, 65536 bytes"
        #expect(shown.hasPrefix(hidden + ": cd cd"))
        let longHeaderEnd = parts[0].count + parts[1].count + 4
        // Beyond the huge one's beginning each of its bytes is as the other.
        let places = Array(0...400) + [10_000, 65_800, bytes.count - 4, bytes.count - 3, bytes.count - 1, bytes.count]
        for place in places {
            var endpoint = WebSocketEndpoint(role: .client, limits: EndpointLimits())
            bytes[..<place].withUnsafeBytes { bytes in
                var offset = 0
                while endpoint.bytesReceived(bytes.bytes, from: &offset) != nil {}
            }
            var trace = StreamTrace(from: endpoint.place)
            let told = bytes[place...].withUnsafeBytes { trace.read($0.bytes) }
            var begin = 0
            let begun = parts.firstIndex { part in
                begin += part.count
                return place < begin
            }
            guard let begun else {
                #expect(told.isEmpty)
                continue
            }
            // A message that was not seen to begin may be compressed.
            all[4] = place < longHeaderEnd ? shown : hidden
            let header = begin - parts[begun].count + frameHeaderBytes(parts[begun])
            let rest = "the rest of a frame, \(begin - place) byte" + (begin - place == 1 ? "" : "s")
            let first = place < header ? all[begun] : rest
            #expect(told == [first] + all[(begun + 1)...], "begun behind \(place) bytes")
        }
    }

    private func frameHeaderBytes(_ frame: [UInt8]) -> Int { frame[1] == 127 ? 10 : frame[1] == 126 ? 4 : 2 }

    /// Whoever inflates what is compressed has the token that is in it.
    @Test func ofWhatIsCompressedNothingIsShown() {
        let told = frames([0x41, 2, 0x4A, 0x49, 0x00, 1, 0x4D, 0x80, 1, 0x02, 0x81, 1, 0x61])
        let expected = [
            "text, compressed, not the last frame, 2 bytes", "continuation, not the last frame, 1 byte",
            "continuation, 1 byte", "text, 1 byte: a",
        ]
        #expect(told == expected)
    }

    /// - Parameter key: of the mask; nil: the server's.
    private func frame(_ first: UInt8, _ payload: [UInt8], _ key: [UInt8]?) -> [UInt8] {
        guard let key else { return [first, UInt8(payload.count)] + payload }
        let masked = payload.enumerated().map { $1 ^ key[$0 % 4] }
        return [first, 0x80 | UInt8(payload.count)] + key + masked
    }

    /// Wherever they are divided, in however many, with a Ping between them.
    @Test(arguments: [nil, [1, 2, 3, 4]] as [[UInt8]?])
    func aSecretInTwoFragmentsIsNotShown(key: [UInt8]?) {
        let secret = "token-0123456789"
        let mask = SecretMask(headerValues: [], others: [SecretBytes(secret)])
        let message = Array("ab \(secret) cd".utf8)
        for size in 1...message.count {
            var bytes: [UInt8] = []
            for start in stride(from: 0, to: message.count, by: size) {
                let end = min(message.count, start + size)
                let first: UInt8 = (start == 0 ? 2 : 0) | (end == message.count ? 0x80 : 0)
                bytes += frame(first, Array(message[start..<end]), key)
                bytes += frame(0x89, [7], key)
            }
            for step in [1, 3, bytes.count] {
                var trace = StreamTrace(mask: mask, from: .header([]))
                var lines: [String] = []
                for start in stride(from: 0, to: bytes.count, by: step) {
                    bytes[start..<min(bytes.count, start + step)].withUnsafeBytes { lines += trace.read($0.bytes) }
                }
                let told = lines.filter { !$0.hasPrefix("ping") }
                    .compactMap { line in line.split(separator: ":", maxSplits: 1).last.map(String.init) }
                    .joined(separator: " ").split(separator: " ").map(String.init)
                #expect(told.first == "61" && told.last == "64", "\(size)")
                // None of its bytes but the space that it has on each side.
                for byte in secret.utf8 where !"abcd ".utf8.contains(byte) {
                    let digits = (byte < 16 ? "0" : "") + String(byte, radix: 16)
                    #expect(!told.contains(digits), "\(digits) of \(size) bytes each")
                }
            }
        }
    }

    /// Of a frame more goes by than is shown.
    @Test func aLongOneIsKnownInThemToo() {
        let secret = String(repeating: "0123456789", count: 60)
        let mask = SecretMask(headerValues: [], others: [SecretBytes(secret)])
        let text = Array((String(repeating: "x", count: 90) + secret).utf8)
        var bytes: [UInt8] = [0x01, 126, 2, 0x00] + text[..<512]
        bytes += [0x80, UInt8(text.count - 512 - 126)] + text[512..<text.count - 126]
        var trace = StreamTrace(mask: mask, from: .header([]))
        let told = bytes.withUnsafeBytes { trace.read($0.bytes) }
        #expect(told[0] == "text, not the last frame, 512 bytes: " + String(repeating: "x", count: 90) + "……")
        #expect(told[1] == "continuation, 52 bytes: …")
    }

    @Test func behindAFaultNothingIsTold() {
        var endpoint = WebSocketEndpoint(role: .client, limits: EndpointLimits())
        let fault: [UInt8] = [0xF3, 0]
        fault.withUnsafeBytes { bytes in
            var offset = 0
            _ = endpoint.bytesReceived(bytes.bytes, from: &offset)
        }
        #expect(endpoint.place == .nowhere)
        var trace = StreamTrace(from: endpoint.place)
        let frame: [UInt8] = [0x81, 1, 0x61]
        #expect(frame.withUnsafeBytes { trace.read($0.bytes) } == [])
    }

    @Test func whatIsNoHeadIsGivenUp() {
        let told = lines([UInt8](repeating: 0x61, count: 100_000))
        #expect(told == ["a line in the head of more than 16384 bytes, which is none"])
        let line = Array("Date: now\r\n".utf8)
        let many = lines((0..<10_000).flatMap { _ in line })
        #expect(many.count == 65_537 / line.count + 1)
        #expect(many.last == "a head of more than 65536 bytes, which is none")
    }

    @Test func anyBytesAreTakenWithoutHarm() {
        var state: UInt64 = 1
        var bytes = Array("x\r\n\r\n".utf8)
        for _ in 0..<20_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            bytes.append(UInt8(truncatingIfNeeded: state >> 40))
        }
        _ = lines(bytes, size: 7)
    }

    @Test func whatTheServerWasToldStandsInNoLine() {
        let secret = "token-of-ours-which-is-long-enough-to-be-cut"
        let head = "HTTP/1.1 101 \(secret)\r\nServer: \(secret)\r\nDate: now\r\n\r\n"
        let text = String(repeating: "x", count: 100) + secret
        var trace = StreamTrace(mask: SecretMask(headerValues: [SecretBytes("Bearer \(secret)")], others: []))
        let bytes = Array(head.utf8) + [0x81, 126, 0, UInt8(text.utf8.count)] + Array(text.utf8)
        let lines = bytes.withUnsafeBytes { trace.read($0.bytes) }
        let shown = String(repeating: "x", count: 100)
        #expect(lines == ["HTTP/1.1 101 …", "Server: …", "Date: now", "text, 144 bytes: \(shown)……"])
    }

    @Test func aSecretInABinaryMessageIsNotShownAsBytes() {
        let mask = SecretMask(headerValues: [], others: ["abcdef"])
        var trace = StreamTrace(mask: mask, from: .header([]))
        let frame: [UInt8] = [0x82, 8, 0x00] + Array("abcdef".utf8) + [0xFF]
        #expect(frame.withUnsafeBytes { trace.read($0.bytes) } == ["binary, 8 bytes: 00 … ff"])
    }
}
