// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

@testable import NodeCore

extension Command {
    /// `text` to be sent, whose bytes nobody looks at.
    static func asked(
        _ rule: Rule = .order, timeout: UInt32 = 1000, retries: UInt32 = 0, text: String = "do",
        host: neuron_ws_command_t = neuron_ws_command_t()
    ) -> Command {
        guard let bytes = Array(text.utf8).withUnsafeBytes({ EventBytes($0) }) else { fatalError("no memory") }
        return Command(
            kind: .NEURON_WS_TEXT, bytes: bytes, rule: rule, timeoutMilliseconds: timeout, retries: retries, host: host)
    }
}

extension Command.Rule {
    static func at(_ name: String, _ value: String? = nil) -> Command.Rule {
        Array(name.utf8).withUnsafeBytes { bytes in
            guard let pointer = try? JSONPointer(bytes) else { fatalError("no pointer") }
            return .member(pointer, value: value.map { Array($0.utf8) })
        }
    }
}

extension MessageValues {
    init(_ message: UnsafeRawBufferPointer, at pointers: [JSONPointer]) {
        var scan = PlaceScan(PlaceSet(pointers))
        while !scan.step(message) {}
        self.init(scan, message)
    }
}

extension CommandTable {
    /// All that wait go out and are written.
    func sendAll(now: UInt64 = 0) -> [UInt64] {
        var ids: [UInt64] = []
        while let next = takeNext() {
            ids.append(next.id)
            sent(next.id, next.command, now: now)
        }
        return ids
    }

    /// There is memory for it.
    @discardableResult
    func put(_ command: Command, now: UInt64) -> UInt64 {
        guard let id = add(command, now: now) else { fatalError("no memory") }
        return id
    }

    func functions() -> [CommandTable.Asked] {
        var all: [CommandTable.Asked] = []
        while let next = nextFunction(after: all.last) { all.append(next) }
        return all
    }

    func takeAllEnded() -> [EndedCommand] {
        var all: [EndedCommand] = []
        while let next = takeEnded() { all.append(next) }
        return all
    }

    func stopped() -> [EndedCommand] {
        stop()
        return takeAllEnded()
    }

    func lost(begun: [UInt64] = [], now: UInt64) -> [EndedCommand] {
        connectionEnded(begun: begun, now: now)
        return takeAllEnded()
    }

    func came(_ text: String, now: UInt64 = 0) -> EndedCommand? {
        let values = Array(text.utf8).withUnsafeBytes { MessageValues($0, at: pointers) }
        return answered(by: values, now: now) ?? answeredInOrder(now: now)
    }
}
