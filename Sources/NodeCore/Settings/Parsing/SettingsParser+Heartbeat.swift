// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import WebSocketCore

extension JSONValue {
    /// A number, true, false or null as JSON has it; nil: it is something else, or a number that is written with an
    /// exponent: how it stood is not known any more, with one or with all its digits, and a message is compared with
    /// that.
    fileprivate var scalarText: [UInt8]? {
        switch kind {
        case .object, .array, .string: return nil
        default:
            let text = JSONText.beginning(self).withText { $0 }
            return kind == .real && text.contains { ASCII.lowercased($0) == UInt8(ascii: "e") } ? nil : text
        }
    }
}

extension SettingsParser {
    /// The largest heartbeat, bytes.
    static let heartbeatBytesMax = 32_768
    static let heartbeatInterval: ClosedRange<Int64> = 100...3_600_000

    /// {"message","type","interval","expect","timeout","match-member","match-value"}.
    mutating func readHeartbeat(_ object: JSONValue, _ descriptor: SettingDescriptor) -> SettingValue? {
        var known = HeartbeatMembers()
        var fault: String?
        object.forEachMember { name, value in
            fault = known.read(name, value)
            return fault == nil
        }
        fault = fault ?? known.missing
        if let fault {
            refuse(descriptor.key, fault)
            return nil
        }
        return .heartbeat(known.options)
    }
}

/// The members of the setting as they are read, one after the other.
private struct HeartbeatMembers {
    private var message: [UInt8]?
    private var kind = neuron_ws_kind_t.NEURON_WS_TEXT
    private var interval: Int64 = 30_000
    private var timeout: Int64 = 10_000
    private var expects: Bool?
    private var pointer: JSONPointer?
    private var matchValue: [UInt8]?

    /// - Returns: what is wrong, to follow the key.
    mutating func read(_ name: String, _ value: JSONValue) -> String? {
        let place = "at \"\(SettingsParser.shown(name))\" "
        switch name {
        case "message":
            guard let text = text(value, bytesMax: SettingsParser.heartbeatBytesMax) else {
                return place + "is \(length(value)); it takes a text of 1 to \(SettingsParser.heartbeatBytesMax) bytes"
            }
            if let wrong = misspelled(text) {
                return place + "has ${\(SettingsParser.shown(wrong))}; what is known is ${timestamp} and ${tai}, in "
                    + "small letters and without blanks"
            }
            message = text
        case "type":
            switch value.string {
            case "text": kind = .NEURON_WS_TEXT
            case "binary": kind = .NEURON_WS_BINARY
            default: return place + "is \(said(value)); it takes \"text\" or \"binary\""
            }
        case "interval", "timeout":
            let range = SettingsParser.heartbeatInterval
            guard let seconds = value.number, let milliseconds = SettingsParser.milliseconds(seconds),
                range.contains(milliseconds)
            else {
                return place + "is \(said(value)); it takes a number of seconds from "
                    + "\(SettingKind.seconds(range.lowerBound)) to \(SettingKind.seconds(range.upperBound))"
            }
            if name == "interval" { interval = milliseconds } else { timeout = milliseconds }
        case "expect":
            guard let boolean = value.boolean else { return place + "is \(said(value)); it takes true or false" }
            expects = boolean
        case "match-member":
            guard let text = text(value, bytesMax: CommandLimits.matchValueBytesMax),
                let parsed = text.withUnsafeBytes({ try? JSONPointer($0) })
            else { return place + "is no member's name and no JSON pointer (RFC 6901), such as /timing/origin" }
            pointer = parsed
        case "match-value":
            let isEmpty = value.utf8?.isEmpty == true
            guard
                let text = isEmpty
                    ? [] : text(value, bytesMax: CommandLimits.matchValueBytesMax) ?? value.scalarText
            else {
                return place + "is \(length(value)); it takes a text of at most \(CommandLimits.matchValueBytesMax) "
                    + "bytes, a number without an exponent, true, false or null; give a larger number as a text"
            }
            matchValue = text
        default:
            return place + "holds nothing that is known; it takes message, type, interval, expect, timeout, "
                + "match-member and match-value"
        }
        return nil
    }

    /// What somebody has meant for a variable; nil: there is none.
    private func misspelled(_ text: [UInt8]) -> String? {
        text.withUnsafeBytes { bytes in
            for index in bytes.indices where bytes[index...].starts(with: "${".utf8) {
                let wrong = HeaderVariables.misspelled(bytes, from: index + 2) { $0 == "timestamp" || $0 == "tai" }
                if let wrong, wrong != "timestamp", wrong != "tai" { return wrong }
            }
            return nil
        }
    }

    /// What came in the place of something else; what may be long by its kind.
    private func said(_ value: JSONValue) -> String {
        value.count > 0 ? "\(value.kindName)" : SettingsParser.shown(value)
    }

    private func length(_ value: JSONValue) -> String {
        value.utf8.map { "a text of \($0.count) bytes" } ?? said(value)
    }

    private func text(_ value: JSONValue, bytesMax: Int) -> [UInt8]? {
        guard let text = value.utf8, !text.isEmpty, text.count <= bytesMax else { return nil }
        return Array(text)
    }

    var missing: String? {
        if message == nil { return "has no \"message\", which is what is sent" }
        if matchValue != nil, pointer == nil { return "has a \"match-value\" and no \"match-member\" that holds it" }
        if expects == false, pointer != nil { return "has a \"match-member\", and \"expect\" is false" }
        return nil
    }

    var options: HeartbeatOptions {
        var answer = HeartbeatOptions.Expectation.nothing
        if let pointer {
            answer = .member(pointer, value: matchValue)
        } else if expects == true {
            answer = .anyMessage
        }
        return HeartbeatOptions(
            message: message ?? [], kind: kind, intervalMilliseconds: interval, timeoutMilliseconds: timeout,
            expects: answer)
    }
}
