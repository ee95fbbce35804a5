// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct RunEndTests {
    private func ended(wasOpen: Bool = true) -> EndedConnection {
        var backlog = Backlog()
        var echoWatch = EchoWatch()
        var bench = ConnectionBench.opened()
        // Of the command's frame the kernel has the first bytes.
        bench.connection.queueCommand(7, ConnectionBench.command("on its way"))
        let before = bench.connection.bytesFramed
        bench.fillAll()
        return EndedConnection(
            wasOpen ? bench.connection : nil, .endOfStream, written: before + 5, acknowledged: nil, &backlog,
            &echoWatch)
    }

    @Test func `what is to be told comes first, and commands end last`() {
        #expect(RunEnd.Step.allCases == [.outcomes, .rest, .commands])
    }

    @Test func `each step begins once`() {
        var end = RunEnd()
        #expect(!end.isUnderWay && !end.storesRest)
        let (first, second) = (end.beginsStoring(), end.beginsStoring())
        #expect(first && !second)
        #expect(end.isUnderWay && end.storesRest)
        var without = RunEnd()
        without.beginsEndingCommands()
        #expect(without.isUnderWay && !without.storesRest)
    }

    @Test func `where the run goes on, the connection's end concerns its commands at once`() {
        var end = RunEnd()
        let begun = end.connectionEnded(ended(), isIdle: false)
        let ofAttempt = end.connectionEnded(ended(wasOpen: false), isIdle: false)
        let left = end.commandsGoOn()
        #expect(begun == [7] && ofAttempt == nil && left == nil)
    }

    @Test func `where it ends, they end as it does`() {
        var end = RunEnd()
        _ = end.connectionEnded(ended(), isIdle: true)
        end.beginsEndingCommands()
        let begun = end.commandsGoOn()
        #expect(begun == nil)
    }

    @Test func `before that they are known, for the host that starts again`() {
        var end = RunEnd()
        let begun = end.connectionEnded(ended(), isIdle: true)
        let (first, second) = (end.commandsGoOn(), end.commandsGoOn())
        #expect(begun == nil && first == [7] && second == nil)
    }
}
