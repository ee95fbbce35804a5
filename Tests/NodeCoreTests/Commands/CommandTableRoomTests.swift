// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct CommandTableRoomTests {
    @Test func `those that have ended are told in order, also when more come meanwhile`() {
        let table = CommandTable()
        for _ in 0..<3 { table.put(.asked(), now: 0) }
        table.stop()
        var told = [table.takeEnded()?.id]
        table.put(.asked(), now: 0)
        table.stop()
        table.checkInvariants()
        for _ in 0..<4 { told.append(table.takeEnded()?.id) }
        #expect(told == [1, 2, 3, 4, nil])
    }

    @Test func `one that is yet to be told has ended, and takes room until then`() {
        let table = CommandTable()
        var call = neuron_ws_command_t()
        call.on_response = { _, _, _, _, _, _ in }
        let id = table.put(.asked(host: call), now: 0)
        let other = table.put(.asked(), now: 0)
        #expect(table.cancelledByCallback(id))
        #expect(!table.cancelledByCallback(id) && !table.cancelledByCallback(other))
        #expect(table.cancelled(id) == nil && !table.isOpen(id))
        #expect(table.count == 1 && table.openBytes == 4)
        #expect(!table.hasRoom(byteCount: 0, unread: CommandLimits.openMax - 2))
        #expect(table.takeNext()?.id == other && table.takeNext() == nil)
        table.checkInvariants()
        #expect(table.takeEnded()?.outcome == .cancelled)
        #expect(table.openBytes == 2 && !table.hasOutcomesToTell)
    }

    @Test func `a command whose response would have no place in the order does not go out`() {
        let table = CommandTable()
        let tries = CommandLimits.expectedMax / CommandLimits.openMax
        for _ in 0..<CommandLimits.openMax { table.put(.asked(retries: UInt32(tries)), now: 0) }
        for number in 0..<UInt64(tries) {
            if table.sendAll(now: number * 1_000_000_000).count != CommandLimits.openMax {
                Issue.record("try \(number) does not go out")
            }
            #expect(table.expired(now: (number + 1) * 1_000_000_000) == nil)
        }
        #expect(table.takeNext() == nil)
        let ended = table.takeAllEnded()
        #expect(ended.count == CommandLimits.openMax && ended.allSatisfy { $0.outcome == .noMemory })
        let named = table.put(.asked(.at("id")), now: 0)
        #expect(table.takeNext()?.id == named)
        table.checkInvariants()
    }

    @Test func `what was once much leaves no memory behind, and little is found again`() {
        let table = CommandTable()
        for _ in 0..<2 {
            for number in 0..<5000 { table.put(.asked(.at("id", "\(number)")), now: 0) }
            #expect(table.sendAll().count == 5000)
            table.checkInvariants()
            for number in (0..<5000).reversed() where table.came(#"{"id":\#(number)}"#) == nil {
                Issue.record("no response to \(number)")
            }
            table.checkInvariants()
        }
    }
}
