// SPDX-License-Identifier: Apache-2.0
// Frames and messages: any bytes, whole and cut everywhere, give the same events; what answers them is right; what is
// framed decodes to itself.
import WebSocketCore

private enum Seen: Equatable {
    case message(MessageKind, [UInt8], isCompressed: Bool)
    case other(EndpointEvent)
}

private struct Run: Equatable {
    var events: [Seen] = []
    var answer: [UInt8] = []
    var state: WebSocketEndpoint.State
    var maySendData: Bool
}

private struct Setup {
    let role: Role
    let allowsRSV1: Bool
    let limits: EndpointLimits

    var endpoint: WebSocketEndpoint { WebSocketEndpoint(role: role, limits: limits, allowsRSV1: allowsRSV1) }
    var other: WebSocketEndpoint { WebSocketEndpoint(role: role == .client ? .server : .client, limits: .init()) }
}

private func zeroKeys() -> MaskingKeyPool {
    var keys = MaskingKeyPool()
    let zeros = [UInt8](repeating: 0, count: MaskingKeyPool.capacityBytes)
    keys.refill(zeros.span.bytes)
    return keys
}

private func run(_ setup: Setup, _ input: UnsafeRawBufferPointer, _ cut: [Range<Int>]) -> Run {
    var endpoint = setup.endpoint
    var events: [Seen] = []
    for range in cut {
        let piece = input.piece(range)
        var offset = 0
        while let event = endpoint.bytesReceived(piece.bytes, from: &offset) {
            require(offset <= piece.count, "read beyond the input")
            if case .message(let kind) = event {
                let bytes = endpoint.message?.array ?? []
                require(bytes.count <= setup.limits.maxMessageBytes, "a message beyond the limit")
                events.append(.message(kind, bytes, isCompressed: endpoint.messageIsCompressed))
            } else {
                events.append(.other(event))
            }
        }
        require(offset == piece.count, "input left over")
    }
    var answer = [UInt8](repeating: 0, count: 8192)
    var length = 0
    var keys = zeroKeys()
    let isDone = answer.withUnsafeMutableBytes { endpoint.writeControlFrames(into: $0, at: &length, keys: &keys) }
    require(isDone && !endpoint.hasControlFrames, "the answer does not fit")
    return Run(
        events: events, answer: Array(answer[..<length]), state: endpoint.state, maySendData: endpoint.maySendData)
}

/// Our answers are frames that the other side takes: Pongs, and one Close at the end.
private func checkAnswer(_ setup: Setup, _ run: Run) {
    var other = setup.other
    var offset = 0
    var hasClose = false
    while let event = other.bytesReceived(run.answer.span.bytes, from: &offset) {
        switch event {
        case .pong: require(!hasClose, "a Pong behind the Close")
        case .close: hasClose = true
        default: require(false, "the answer is \(event)")
        }
    }
    require(hasClose == !run.maySendData, "a Close that does not fit the state")
}

/// The input as a message, in fragments of `size`, through an output of `room` bytes at a time.
private func checkEncoding(_ setup: Setup, _ input: UnsafeRawBufferPointer, size: Int, room: Int) {
    var writer = FrameWriter(role: setup.role)
    var other = setup.other
    var sent = 0
    var isFirst = true
    var received: [[UInt8]] = []
    var output = [UInt8](repeating: 0, count: room)
    repeat {
        let count = min(size, input.count - sent)
        let isLast = sent + count == input.count
        var hasStarted = false
        var isWhole = false
        while !isWhole {
            var length = 0
            output.withUnsafeMutableBytes { space in
                if !hasStarted {
                    hasStarted = writer.startFrame(
                        opcode: isFirst ? .binary : .continuation, fin: isLast, rsv1: false, payloadBytes: count,
                        maskingKey: MaskingKey(word: 0x8040_2010), into: space, at: &length)
                    require(hasStarted, "a header does not fit into \(room) bytes")
                }
                isWhole = writer.continueFrame(payload: input.piece(sent..<sent + count), into: space, at: &length)
            }
            var offset = 0
            let piece = output.span.bytes.extracting(0..<length)
            while let event = other.bytesReceived(piece, from: &offset) {
                require(event == .message(.binary), "a message became \(event)")
                received.append(other.message?.array ?? [])
            }
        }
        sent += count
        isFirst = false
    } while sent < input.count
    require(received == [Array(input)], "a message came back different")
}

@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    var input = FuzzInput(data, size)
    let choices = input.byte()
    let sizes = input.byte()
    let setup = Setup(
        role: choices & 1 == 0 ? .client : .server, allowsRSV1: choices & 2 != 0,
        limits: choices & 4 == 0 ? .init() : .init(maxMessageBytes: Int(sizes), maxFrameBytes: 64))
    let whole = run(setup, input.rest, [0..<input.rest.count])
    checkAnswer(setup, whole)
    for cut in cuts(input.rest.count, stride: Int(sizes & 31)) {
        require(run(setup, input.rest, cut) == whole, "cut in \(cut.count) pieces it means something else")
    }
    checkEncoding(setup, input.rest, size: max(1, Int(sizes) * 2), room: 14 + Int(choices))
    return 0
}
