// SPDX-License-Identifier: Apache-2.0
/// Which of the commands that went out on the present connection a message answers.
///
/// By a member it is found with one look into a table for each place that is asked for, however many commands wait;
/// by order at once. The next connection has another index.
/// Invariant: a place is here while a command asks for it.
struct CommandIndex {
    private struct Place {
        let pointer: JSONPointer
        var byValue: [[UInt8]: SentCommands] = [:]
        var anyValue = SentCommands()

        var isEmpty: Bool { byValue.isEmpty && anyValue.isEmpty }
    }

    private var places: [Place] = []
    private(set) var functions = SentCommands()

    /// The places at which messages are looked at.
    var pointers: [JSONPointer] { places.map { $0.pointer } }

    mutating func add(_ sent: SentCommands.Sent, _ rule: Command.Rule) {
        switch rule {
        case .member(let pointer, let value):
            let place = places.firstIndex { $0.pointer == pointer } ?? places.count
            if place == places.count { places.append(Place(pointer: pointer)) }
            if let value {
                places[place].byValue[value, default: SentCommands()].append(sent)
            } else {
                places[place].anyValue.append(sent)
            }
        case .function: functions.append(sent)
        case .order: break
        }
    }

    mutating func remove(order: UInt64, _ rule: Command.Rule) {
        switch rule {
        case .member(let pointer, let value):
            guard let place = places.firstIndex(where: { $0.pointer == pointer }) else { return }
            if let value {
                places[place].byValue[value]?.remove(order: order)
                if places[place].byValue[value]?.isEmpty == true { places[place].byValue[value] = nil }
            } else {
                places[place].anyValue.remove(order: order)
            }
            if places[place].isEmpty { places.remove(at: place) }
        case .function: functions.remove(order: order)
        case .order: break
        }
    }

    /// The oldest command that a message answers by what stands in it, of those that went out before `limit`.
    func oldest(_ values: MessageValues, before limit: UInt64 = .max) -> UInt64? {
        var oldest: SentCommands.Sent?
        for found in values.found {
            guard let place = places.first(where: { $0.pointer == found.pointer }) else { continue }
            for sent in [place.anyValue.first, found.text.flatMap { place.byValue[$0]?.first }] {
                if let sent, sent.order < oldest?.order ?? limit { oldest = sent }
            }
        }
        return oldest?.id
    }
}

/// What a message says at the places that commands ask for. Found without the table, which others may want meanwhile.
public struct MessageValues {
    fileprivate struct Found {
        let pointer: JSONPointer
        /// Nil: a value that no text equals.
        let text: [UInt8]?
    }

    fileprivate var found: [Found] = []

    /// - Parameter pointers: `CommandTable.pointers`.
    public init(_ message: UnsafeRawBufferPointer, at pointers: [JSONPointer]) {
        for pointer in pointers {
            guard let value = pointer.find(in: message) else { continue }
            found.append(
                Found(
                    pointer: pointer, text: JSONPointer.text(of: value, bytesMax: CommandLimits.matchValueBytesMax)))
        }
    }

    public var isEmpty: Bool { found.isEmpty }
}
