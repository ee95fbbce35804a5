// SPDX-License-Identifier: Apache-2.0
@testable import WebSocketCore

/// Bytes written as hexadecimal digits; spaces are for the reader.
func hex(_ text: String) -> [UInt8] {
    let digits = text.utf8.filter { $0 != UInt8(ascii: " ") }.map { UInt8(ascii: "9") >= $0 ? $0 - 48 : ($0 | 32) - 87 }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

/// A generator that gives the same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) } }
}

extension RawSpan {
    var array: [UInt8] { withUnsafeBytes { Array($0) } }
}

extension ControlPayload {
    init(_ bytes: [UInt8]) { self = ControlPayload(bytes.span.bytes)! }
    init(_ text: String) { self.init(Array(text.utf8)) }
    var array: [UInt8] { withBytes { $0.array } }
}

extension MaskingKey {
    init(_ first: UInt8, _ second: UInt8, _ third: UInt8, _ fourth: UInt8) {
        let bytes = [first, second, third, fourth]
        self.init(word: bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) })
    }
}

/// The key of the examples in RFC 6455 §5.7.
let exampleKey = MaskingKey(0x37, 0xFA, 0x21, 0x3D)

/// An event with all that belongs to it.
enum Seen: Equatable {
    case message(MessageKind, [UInt8], isCompressed: Bool = false)
    case ping([UInt8])
    case pong([UInt8])
    case close(UInt16?, String)
    case failed(ProtocolError)

    static func text(_ text: String) -> Seen { .message(.text, Array(text.utf8)) }
}

extension WebSocketEndpoint {
    /// Feeds one piece of input to its end.
    mutating func see(_ input: [UInt8]) -> [Seen] {
        var seen: [Seen] = []
        var offset = 0
        while let event = bytesReceived(input.span.bytes, from: &offset) {
            switch event {
            case .message(let kind):
                seen.append(.message(kind, withMessage { $0.array }, isCompressed: messageIsCompressed))
            case .ping(let payload): seen.append(.ping(payload.array))
            case .pong(let payload): seen.append(.pong(payload.array))
            case .close(let code, let reason):
                seen.append(.close(code?.rawValue, String(decoding: reason.array, as: UTF8.self)))
            case .failed(let error): seen.append(.failed(error))
            }
        }
        precondition(offset == input.count, "input left over")
        return seen
    }

    mutating func see(pieces: [[UInt8]]) -> [Seen] {
        var seen: [Seen] = []
        for piece in pieces { seen += see(piece) }
        return seen
    }

    /// A key for each control frame that can wait at a time.
    private static let enoughKeys = Array([[UInt8]](repeating: hex("37fa213d"), count: 32).joined())

    /// Takes what control frames fit into `room` bytes.
    mutating func written(room: Int = 4096, keys: [UInt8] = enoughKeys) -> [UInt8] {
        var pool = MaskingKeyPool()
        pool.refill(keys.span.bytes)
        var output = [UInt8](repeating: 0xEE, count: room)
        var position = 0
        let isDone = output.withUnsafeMutableBytes { writeControlFrames(into: $0, at: &position, keys: &pool) }
        precondition(isDone, "ran out of keys")
        return Array(output[..<position])
    }
}

func endpoint(_ role: Role, message: Int = 1 << 20, frame: Int = 1 << 20, rsv1: Bool = false) -> WebSocketEndpoint {
    let limits = EndpointLimits(maxMessageBytes: message, maxFrameBytes: frame)
    return WebSocketEndpoint(role: role, limits: limits, allowsRSV1: rsv1)
}

/// A whole frame, masked if there is a key.
func frame(
    _ opcode: Opcode, _ payload: [UInt8] = [], fin: Bool = true, rsv1: Bool = false, key: MaskingKey? = nil
) -> [UInt8] {
    let header = FrameHeader(
        fin: fin, rsv1: rsv1, opcode: opcode, payloadLength: UInt64(payload.count), maskingKey: key)
    var bytes = [UInt8](repeating: 0, count: FrameHeader.encodedLengthMax)
    let length = bytes.withUnsafeMutableBytes { header.write(into: $0.baseAddress!) }
    guard let key else { return bytes[..<length] + payload }
    return bytes[..<length] + masked(payload, key)
}

/// Masked by the letter of RFC 6455 §5.3, one byte at a time.
func masked(_ payload: [UInt8], _ key: MaskingKey, offset: Int = 0) -> [UInt8] {
    let keyBytes = withUnsafeBytes(of: key.word) { Array($0) }
    return payload.enumerated().map { $1 ^ keyBytes[(offset + $0) % 4] }
}

/// Equality without the difference that `#expect` would work out for two arrays, which takes minutes for long ones.
func isSame(_ left: [UInt8], _ right: [UInt8]) -> Bool { left == right }

/// Ways to cut input: whole, in two at each byte, byte by byte.
func cuts(_ input: [UInt8]) -> [[[UInt8]]] {
    var ways = [[input], input.map { [$0] }]
    for place in 0...input.count { ways.append([Array(input[..<place]), Array(input[place...])]) }
    return ways
}

extension SecretBytes {
    /// A test's secrets are none.
    var bytes: [UInt8] { withBytes { Array($0) } }
}
