// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct AnsweredOperationsTests {
    private func add(_ answered: inout AnsweredOperations, _ id: UInt8, _ byteCount: Int = 1, now: UInt64 = 0) {
        let document = Array(repeating: id, count: byteCount).withUnsafeBytes { EventBytes($0) }
        guard let document else { return }
        answered.add(id: [id], name: [0], message: UInt64(id), document: document, connection: 1, now: now)
    }

    private func find(_ answered: AnsweredOperations, _ id: UInt8, name: UInt8 = 0) -> OperationRepetition {
        answered.find(id: [id], name: [name], connection: 2, now: 1, timeout: 100) { _ in false }
    }

    @Test func aNameThatDiffersIsAnotherOperation() {
        var answered = AnsweredOperations()
        add(&answered, 1)
        #expect(find(answered, 1) == .answered([1]) && find(answered, 1, name: 9) == .none)
    }

    @Test func oldOnesMakeRoom() {
        var answered = AnsweredOperations()
        let half = RequestLimits.answersKeptBytesMax / 2 - 2
        add(&answered, 1, half)
        add(&answered, 2, half)
        #expect(answered.count == 2)
        add(&answered, 3, 1)
        #expect(answered.count == 2 && find(answered, 1) == .none && find(answered, 3) == .answered([3]))
        // One that is too large is not kept, and costs the others nothing.
        add(&answered, 4, RequestLimits.answersKeptBytesMax)
        #expect(answered.count == 2 && answered.byteCount == half + 5)
        // The last answer of an id counts.
        add(&answered, 3, 2)
        #expect(answered.count == 2 && find(answered, 3) == .answered([3, 3]))
    }

    /// It may have waited for hours: the platform hears it only now.
    @Test func whatWaitedForAConnectionCountsFromThere() {
        var answered = AnsweredOperations()
        add(&answered, 1)
        add(&answered, 2)
        answered.connectionOpened(now: 1000) { $0 == 1 }
        let found = [1, 2].map { id in
            answered.find(id: [id], name: [0], connection: 2, now: 1099, timeout: 100) { _ in false }
        }
        #expect(found == [.answered([1]), .none])
    }

    @Test func theirCountHasALimit() {
        var answered = AnsweredOperations()
        for number in 0...UInt64(RequestLimits.heldMax) {
            answered.add(
                id: Array("\(number)".utf8), name: [0], message: number, document: [], connection: 1, now: 0)
        }
        #expect(answered.count == RequestLimits.heldMax && answered.byteCount > 0)
    }
}

extension EventBytes: ExpressibleByArrayLiteral {
    public convenience init(arrayLiteral bytes: UInt8...) {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { room.deallocate() }
        room.copyBytes(from: bytes)
        self.init(UnsafeRawBufferPointer(room))!
    }
}
