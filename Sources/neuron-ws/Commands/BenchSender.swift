// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS

/// Hands the messages over, one after the other, and waits where the queue is full.
struct BenchSender {
    /// Short, so that the queue is filled up again while the rest of it goes out.
    private static let roomMilliseconds: UInt32 = 1
    /// As long as nothing at all goes out, the bench has failed.
    private static let patienceNanoseconds: Int64 = 30_000_000_000
    private static let flushMilliseconds: UInt32 = 500

    let plan: BenchPlan
    let nodes: [Node]
    private let pointers: [UnsafeMutablePointer<neuron_ws_node_t>]

    init(plan: BenchPlan, nodes: [Node]) {
        self.plan = plan
        self.nodes = nodes
        pointers = nodes.map { $0.pointer }
    }

    /// Raw text messages.
    func sendMessages() throws(BenchFailure) {
        let message = BenchMessage(size: plan.size, number: plan.isNumbered ? "num" : "seq")
        var pace = Pace(rate: plan.rate)
        var turn = 0
        for _ in 0..<plan.count {
            if plan.rate != nil {
                pace.waitForNext()
                message.setTime(Clock.nanoseconds())
            }
            while true {
                let status = neuron_ws_node_send(
                    pointers[turn], .NEURON_WS_TEXT, message.bytes.baseAddress, message.bytes.count, nil)
                if status == .NEURON_WS_OK { break }
                try waitForRoom(nodes[turn], status)
            }
            if plan.hasSequence { message.countUp() }
            turn += 1
            if turn == pointers.count { turn = 0 }
        }
    }

    /// Groups of tags, encoded by the library. Their values look like a sensor's: whole numbers, and reals with two
    /// decimals; all of them change with each message.
    func sendGroups() throws(BenchFailure) {
        let tags = BenchTags(count: plan.tags ?? 0)
        var pace = Pace(rate: plan.rate)
        var turn = 0
        for index in 0..<plan.count {
            if plan.rate != nil { pace.waitForNext() }
            tags.update(message: index)
            while true {
                let status = neuron_ws_node_push(pointers[turn], &tags.group, nil)
                if status == .NEURON_WS_OK { break }
                try waitForRoom(nodes[turn], status)
            }
            turn += 1
            if turn == pointers.count { turn = 0 }
        }
    }

    /// Waits until all is written.
    func flush() throws(BenchFailure) {
        for node in nodes {
            var sent = node.metrics.messages_sent
            var lastProgress = Clock.nanoseconds()
            while true {
                let status = node.flush(timeoutMilliseconds: Self.flushMilliseconds)
                if status == .NEURON_WS_OK { break }
                guard status == .NEURON_WS_TIMEOUT else { throw BenchFailure(text: LibraryError(status).text) }
                let now = node.metrics.messages_sent
                if now != sent { lastProgress = Clock.nanoseconds() }
                sent = now
                try checkPatience(node, since: lastProgress)
            }
        }
    }

    /// Returns when it is worth trying again.
    private func waitForRoom(_ node: Node, _ status: neuron_ws_status_t) throws(BenchFailure) {
        guard status == .NEURON_WS_QUEUE_FULL else { throw BenchFailure(text: LibraryError(status).text) }
        let sent = node.metrics.messages_sent
        let start = Clock.nanoseconds()
        while true {
            let status = node.flush(timeoutMilliseconds: Self.roomMilliseconds)
            if status == .NEURON_WS_OK { return }
            guard status == .NEURON_WS_TIMEOUT else { throw BenchFailure(text: LibraryError(status).text) }
            if node.metrics.messages_sent != sent { return }
            try checkPatience(node, since: start)
        }
    }

    private func checkPatience(_ node: Node, since start: Int64) throws(BenchFailure) {
        guard Clock.nanoseconds() - start > Self.patienceNanoseconds else { return }
        throw BenchFailure(text: "nothing goes out any more: \(node.state.message)")
    }
}

/// Absolute deadlines, so that a late message does not make the following ones late.
private struct Pace {
    private let start = Clock.nanoseconds()
    private let rate: Int64
    private var index: Int64 = 0

    init(rate: Int?) { self.rate = Int64(rate ?? 1) }

    mutating func waitForNext() {
        // Whole seconds apart, so that nothing overflows.
        let due = start + index / rate * 1_000_000_000 + index % rate * 1_000_000_000 / rate
        index += 1
        var deadline = timespec(tv_sec: Int(due / 1_000_000_000), tv_nsec: Int(due % 1_000_000_000))
        while clock_nanosleep(CLOCK_MONOTONIC, Int32(TIMER_ABSTIME), &deadline, nil) == EINTR {}
    }
}

/// `{"seq":%10d,"t":%19d,"p":"abc…"}`, written once; its digits change in place.
final class BenchMessage {
    static let overheadBytes = 49
    private static let seqEnd = 17
    private static let timeEnd = 41

    let bytes: UnsafeMutableBufferPointer<UInt8>

    /// - Parameters:
    ///   - size: bytes in all; less than `overheadBytes` gives an empty `p`.
    ///   - number: the name of the first member.
    init(size: Int, number: String = "seq") {
        var text = Array("{\"\(number)\":         0,\"t\":                  0,\"p\":\"".utf8)
        for index in 0..<max(0, size - Self.overheadBytes) { text.append(UInt8(ascii: "a") + UInt8(index % 23)) }
        text.append(contentsOf: "\"}".utf8)
        bytes = .allocate(capacity: text.count)
        _ = bytes.initialize(from: text)
    }

    deinit { bytes.deallocate() }

    /// The seq becomes the next one. It keeps its ten places: 9,999,999,999 is followed by 0.
    func countUp() {
        var place = Self.seqEnd - 1
        while place >= Self.seqEnd - 10 {
            let digit = bytes[place]
            if digit != UInt8(ascii: "9") {
                bytes[place] = digit == UInt8(ascii: " ") ? UInt8(ascii: "1") : digit + 1
                return
            }
            bytes[place] = UInt8(ascii: "0")
            place -= 1
        }
    }

    /// - Parameter nanoseconds: not negative.
    func setTime(_ nanoseconds: Int64) {
        var rest = nanoseconds
        var place = Self.timeEnd - 1
        repeat {
            bytes[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
            place -= 1
        } while rest > 0 && place >= Self.timeEnd - 19
        while place >= Self.timeEnd - 19 {
            bytes[place] = UInt8(ascii: " ")
            place -= 1
        }
    }
}

/// A group of tags whose values change.
private final class BenchTags {
    var group = neuron_ws_group_t()
    private let tags: UnsafeMutableBufferPointer<neuron_ws_tag_t>
    private let driver = strdup("bench")
    private let name = strdup("group")

    init(count: Int) {
        tags = .allocate(capacity: count)
        tags.initialize(repeating: neuron_ws_tag_t())
        for index in 0..<count {
            tags[index].name = UnsafePointer(strdup("tag\(index)"))
            tags[index].name_length = strlen(tags[index].name)
            tags[index].type = index % 2 == 0 ? .NEURON_WS_TYPE_INT64 : .NEURON_WS_TYPE_DOUBLE
        }
        group.size = MemoryLayout<neuron_ws_group_t>.size
        group.driver = UnsafePointer(driver)
        group.group = UnsafePointer(name)
        group.tags = UnsafePointer(tags.baseAddress)
        group.tag_count = count
        group.tag_size = MemoryLayout<neuron_ws_tag_t>.size
    }

    deinit {
        for tag in tags { free(UnsafeMutableRawPointer(mutating: tag.name)) }
        tags.deallocate()
        free(driver)
        free(name)
    }

    /// - Parameter message: its number; the first tag holds it.
    func update(message: Int) {
        for index in 0..<tags.count {
            if index % 2 == 0 {
                tags[index].value.i64 = Int64(message + index)
            } else {
                tags[index].value.d64 = Double((message + index * 7919) % 1_000_000) / 100
            }
        }
    }
}
