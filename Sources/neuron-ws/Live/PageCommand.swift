// SPDX-License-Identifier: Apache-2.0
/// What a page asks for.
enum PageCommand: Equatable {
    /// To one connection, or to all (nil).
    case send(id: Int64, connection: Int?, text: [UInt8])
    case unplug(seconds: Int)
    case plug

    static let seconds = 1...600

    /// Why it cannot be understood; for people.
    struct Failure: Error, Equatable { let text: String }

    static func parse(isText: Bool, _ bytes: UnsafeRawBufferPointer) throws(Failure) -> PageCommand {
        guard isText else { throw Failure(text: "A binary message came; a page sends JSON as text.") }
        let object: JSON
        do throws(JSON.Failure) { object = try JSON.parse(bytes) } catch {
            throw Failure(text: "The message is no JSON: \(error.text)")
        }
        guard object.kind == .object, let type = object["type"]?.string else {
            throw Failure(text: "The message is no JSON object with a type.")
        }
        switch type {
        case "send": return try send(object)
        case "unplug":
            guard let number = object["seconds"]?.integer, let length = Int(exactly: number), seconds.contains(length)
            else {
                throw Failure(
                    text: "unplug takes whole seconds from \(seconds.lowerBound) to \(seconds.upperBound) as seconds.")
            }
            return .unplug(seconds: length)
        case "plug": return .plug
        default: throw Failure(text: "The type is unknown; a page sends send, unplug or plug.")
        }
    }

    private static func send(_ object: JSON) throws(Failure) -> PageCommand {
        guard let id = object["id"]?.integer else { throw Failure(text: "send needs a whole number as id.") }
        guard let text = object["text"], let bytes = text.bytes else {
            throw Failure(text: "send needs a text as text.")
        }
        var connection: Int?
        if let given = object["connection"], given.kind != .null {
            guard let number = given.integer else {
                throw Failure(text: "send takes a connection's id, or null for all, as connection.")
            }
            connection = Int(number)
        }
        return .send(id: id, connection: connection, text: Array(bytes))
    }
}
