// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct CommandIndexTests {
    private func pointer(_ text: String) throws -> JSONPointer {
        try Array(text.utf8).withUnsafeBytes { bytes in try JSONPointer(bytes) }
    }

    private func oldest(_ index: borrowing CommandIndex, _ message: String, before limit: UInt64 = .max) -> UInt64? {
        let values = Array(message.utf8).withUnsafeBytes { MessageValues($0, at: index.pointers) }
        return index.oldest(values, before: limit)?.id
    }

    /// One that went out.
    private func entry(_ id: UInt64, order: UInt64, _ rule: Command.Rule) throws -> CommandEntry {
        let bytes = try #require(Array("do".utf8).withUnsafeBytes { EventBytes($0) })
        let command = Command(kind: .NEURON_WS_TEXT, bytes: bytes, rule: rule, timeoutMilliseconds: 1000, retries: 0)
        let entry = CommandEntry(id: id, command, deadline: 0)
        entry.order = order
        return entry
    }

    @Test func aMessageAnswersTheOldestThatAsksForItsValue() throws {
        let place = try pointer("/id")
        let value = Array("a".utf8)
        var index = CommandIndex()
        try index.reserve(3)
        let entries = try [
            entry(11, order: 1, .member(place, value: value)), entry(12, order: 2, .member(place, value: value)),
            entry(13, order: 3, .member(place, value: nil)),
        ]
        for entry in entries { index.add(entry) }
        #expect(oldest(index, #"{"id":"a"}"#) == 11)
        #expect(oldest(index, #"{"id":"b"}"#) == 13)
        #expect(oldest(index, #"{"other":"a"}"#) == nil)
        index.remove(entries[0])
        #expect(oldest(index, #"{"id":"a"}"#) == 12)
    }

    /// A heartbeat went out second, and the message would answer it too.
    @Test func whatWentOutBeforeAPlaceComesFirst() throws {
        let place = try pointer("/id")
        var index = CommandIndex()
        try index.reserve(2)
        let first = try entry(11, order: 1, .member(place, value: nil))
        let second = try entry(12, order: 3, .member(place, value: nil))
        index.add(first)
        index.add(second)
        #expect(oldest(index, #"{"id":1}"#, before: 2) == 11)
        index.remove(first)
        #expect(oldest(index, #"{"id":1}"#, before: 2) == nil)
        #expect(oldest(index, #"{"id":1}"#) == 12)
    }

    @Test func aPlaceIsThereWhileACommandAsksForIt() throws {
        let place = try pointer("/id")
        var index = CommandIndex()
        try index.reserve(2)
        let exact = try entry(11, order: 1, .member(place, value: Array("a".utf8)))
        let any = try entry(12, order: 2, .member(place, value: nil))
        index.add(exact)
        index.add(any)
        index.remove(any)
        #expect(index.pointers.count == 1)
        index.remove(exact)
        #expect(index.pointers.isEmpty)
    }

    @Test func thoseOfOneValueStayInTheirOrderWhenTheTableGrows() throws {
        let place = try pointer("/id")
        var index = CommandIndex()
        var entries: [CommandEntry] = []
        for number in 0..<1000 as Range<UInt64> {
            try index.reserve(Int(number) + 1)
            entries.append(
                try entry(number + 1, order: number + 1, .member(place, value: Array("\(number % 7)".utf8))))
            index.add(entries[Int(number)])
        }
        for number in 0..<1000 {
            #expect(oldest(index, #"{"id":\#(number % 7)}"#) == UInt64(number + 1))
            index.remove(entries[number])
        }
        #expect(index.pointers.isEmpty)
    }
}
