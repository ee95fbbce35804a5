// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// Finds the texts that are secret in a settings document. It reads JSON only as far as it must to know where it is,
/// and makes nothing of what is none: what is wrong with a document jansson says.
struct SettingsSecretScanner {
    /// What the members of an object are.
    private enum Members { case settings, servers, server, secret, other }

    private enum Member { case parameters, servers, secret, other }

    private static let nameBytesMax = 1024

    private let bytes: UnsafeMutableRawBufferPointer
    private let scope: SettingsSecrets.Scope
    private var position = 0
    /// The objects and arrays around the position.
    private var levels: [(members: Members, isObject: Bool)] = []
    private var member = Member.other
    /// The name of the member, while nobody has asked what it is: to look names up is most of the work.
    private var name: Range<Int>?
    private var expectsName = false

    init(_ bytes: UnsafeMutableRawBufferPointer, _ scope: SettingsSecrets.Scope) {
        self.bytes = bytes
        self.scope = scope
    }

    /// Where the next secret text lies, without its quotes; nil: there is none any more.
    mutating func next() -> Range<Int>? {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                guard let range = text() else { return nil }
                if expectsName {
                    name = range
                    expectsName = false
                } else if isSecret() {
                    return range
                }
            // Deeper than jansson reads: it refuses the document.
            case UInt8(ascii: "{") where levels.count > JSONDocument.depthMax: return nil
            case UInt8(ascii: "[") where levels.count > JSONDocument.depthMax: return nil
            case UInt8(ascii: "{"): enter(isObject: true)
            case UInt8(ascii: "["): enter(isObject: false)
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                _ = levels.popLast()
                leaveMember(expectsName: false)
            case UInt8(ascii: ","): leaveMember(expectsName: levels.last?.isObject == true)
            default: position += 1
            }
        }
        return nil
    }

    private mutating func leaveMember(expectsName: Bool) {
        member = .other
        name = nil
        self.expectsName = expectsName
        position += 1
    }

    /// The value at the position is secret, with all that is in it.
    private mutating func isSecret() -> Bool {
        guard let level = levels.last else { return false }
        lookUpMember()
        return level.members == .secret || (Self.hasNames(level.members) && member == .secret)
    }

    private mutating func enter(isObject: Bool) {
        let members: Members
        if levels.isEmpty {
            members = scope == .settings ? .settings : .secret
        } else if isSecret() {
            members = .secret
        } else {
            members = inside(isObject)
        }
        levels.append((members, isObject))
        leaveMember(expectsName: isObject)
    }

    /// What is in an object or array that is not secret itself.
    private func inside(_ isObject: Bool) -> Members {
        // Settings stand in the root, or in "params" there.
        if levels.count == 1, isObject, member == .parameters { return .settings }
        // A URL may be an object with credentials of its own.
        if levels.last?.members == .settings, !isObject, member == .servers { return .servers }
        return levels.last?.members == .servers && isObject ? .server : .other
    }

    private static func hasNames(_ members: Members) -> Bool { members == .settings || members == .server }

    /// The text at the position, which goes behind it; nil: it does not end.
    private mutating func text() -> Range<Int>? {
        let start = position + 1
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: "\"") { end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1 }
        guard end < bytes.count else { return nil }
        position = end + 1
        return start..<end
    }

    private mutating func lookUpMember() {
        guard let name else { return }
        member = named(name)
        self.name = nil
    }

    private func named(_ range: Range<Int>) -> Member {
        guard let level = levels.last, Self.hasNames(level.members) else { return .other }
        // Too long for any setting, however it is escaped.
        if range.count > Self.nameBytesMax { return .secret }
        var ignored = false
        let raw = UnsafeRawBufferPointer(rebasing: bytes[range])
        guard let name = JSONTextDecoder.decode(raw, isOutOfMemory: &ignored) else { return .other }
        let text = name.withBytes { String(decoding: $0, as: UTF8.self) }
        if levels.count == 1, text == "params" { return .parameters }
        if text == SettingKey.url.rawValue { return level.members == .settings ? .servers : .other }
        // What is no setting may be one that was misspelt, and its value is never looked at.
        guard let index = SettingsTable.index(named: text) else { return .secret }
        return SettingsTable.descriptors[index].isKeptSecret ? .secret : .other
    }
}
