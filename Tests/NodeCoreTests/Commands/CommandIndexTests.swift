// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct CommandIndexTests {
    private func pointer(_ text: String) throws -> JSONPointer {
        try Array(text.utf8).withUnsafeBytes { bytes in try JSONPointer(bytes) }
    }

    private func oldest(_ index: CommandIndex, _ message: String) -> UInt64? {
        Array(message.utf8).withUnsafeBytes { bytes in index.oldest(MessageValues(bytes, at: index.pointers)) }
    }

    @Test func aMessageAnswersTheOldestThatAsksForItsValue() throws {
        let place = try pointer("/id")
        var index = CommandIndex()
        index.add(.init(order: 1, id: 11), .member(place, value: Array("a".utf8)))
        index.add(.init(order: 2, id: 12), .member(place, value: Array("a".utf8)))
        index.add(.init(order: 3, id: 13), .member(place, value: nil))
        #expect(oldest(index, #"{"id":"a"}"#) == 11)
        #expect(oldest(index, #"{"id":"b"}"#) == 13)
        #expect(oldest(index, #"{"other":"a"}"#) == nil)
        index.remove(order: 1, .member(place, value: Array("a".utf8)))
        #expect(oldest(index, #"{"id":"a"}"#) == 12)
    }

    /// A heartbeat went out second, and the message would answer it too.
    @Test func whatWentOutBeforeAPlaceComesFirst() throws {
        let place = try pointer("/id")
        var table = CommandTable()
        var index = CommandIndex()
        index.add(.init(order: 1, id: 11), .member(place, value: nil))
        let heartbeat = table.heartbeatSent() + 1
        index.add(.init(order: heartbeat + 1, id: 12), .member(place, value: nil))
        func before() -> UInt64? {
            Array(#"{"id":1}"#.utf8).withUnsafeBytes { bytes in
                index.oldest(MessageValues(bytes, at: index.pointers), before: heartbeat)
            }
        }
        #expect(before() == 11)
        index.remove(order: 1, .member(place, value: nil))
        #expect(before() == nil)
        #expect(oldest(index, #"{"id":1}"#) == 12)
    }

    @Test func aPlaceIsThereWhileACommandAsksForIt() throws {
        let place = try pointer("/id")
        var index = CommandIndex()
        index.add(.init(order: 1, id: 11), .member(place, value: Array("a".utf8)))
        index.add(.init(order: 2, id: 12), .member(place, value: nil))
        index.remove(order: 2, .member(place, value: nil))
        #expect(index.pointers.count == 1)
        index.remove(order: 1, .member(place, value: Array("a".utf8)))
        #expect(index.pointers.isEmpty)
    }
}
