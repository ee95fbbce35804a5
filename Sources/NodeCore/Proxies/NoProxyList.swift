// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// Which servers are connected to without a proxy.
///
/// A member is `*`, a name, which stands for all below it as well, `.plant.example` or `*.plant.example` for those
/// below it alone, an address, or a network, `10.0.0.0/8`; each with a port or without, `plant.example:8443`.
public struct NoProxyList: Equatable, Sendable {
    private enum Host: Equatable {
        case any
        case name([UInt8], isItselfMeant: Bool)
        case network([UInt8], bits: Int)
    }

    private struct Member: Equatable {
        let host: Host
        /// Nil: all.
        let port: UInt16?
    }

    private let members: [Member]

    /// What is wrong with a member, as the end of a sentence.
    static let takes =
        "it takes *, names, .suffixes, addresses and networks such as 10.0.0.0/8, each perhaps with :port"

    /// - Returns: nil: the member at `index` is none of these.
    static func parse(_ texts: [String], _ names: (any HostNames)? = nil) -> (list: NoProxyList, badMembers: [Int]) {
        var members: [Member] = []
        var bad: [Int] = []
        for (index, text) in texts.enumerated() {
            if let member = member(text, names) { members.append(member) } else { bad.append(index) }
        }
        return (NoProxyList(members: members), bad)
    }

    static let none = NoProxyList(members: [])

    /// Of the environment's variable so many members count.
    private static let environmentCountMax = 256

    /// As the environment has it, in one text; a member that makes no sense is passed over, as everywhere.
    static func parse(environment text: String, _ names: (any HostNames)? = nil) -> NoProxyList {
        var text = text
        return text.withUTF8 { bytes in
            let list = TextList.elements(UnsafeRawBufferPointer(bytes), keptMax: environmentCountMax)
            return parse(list.elements.map { String(decoding: $0, as: UTF8.self) }, names).list
        }
    }

    private init(members: [Member]) { self.members = members }

    public func contains(host: String, port: UInt16) -> Bool {
        let plain = host.utf8.prefix { $0 != UInt8(ascii: "%") }
        let address = IPAddressBytes.parse(String(decoding: plain, as: UTF8.self))
        let name = Self.name(host.utf8[...])
        return members.contains { member in
            if let wanted = member.port, wanted != port { return false }
            switch member.host {
            case .any: return true
            case .network(let bytes, let bits): return address.map { Self.begins($0, with: bytes, bits) } ?? false
            case .name(let wanted, let isItselfMeant):
                guard address == nil, name.count >= wanted.count, name.suffix(wanted.count).elementsEqual(wanted) else {
                    return false
                }
                if name.count == wanted.count { return isItselfMeant }
                return name[name.count - wanted.count - 1] == UInt8(ascii: ".")
            }
        }
    }

    private static func begins(_ address: [UInt8], with network: [UInt8], _ bits: Int) -> Bool {
        guard address.count == network.count else { return false }
        return (0..<bits).allSatisfy { bit in
            (address[bit / 8] ^ network[bit / 8]) & (0x80 >> UInt8(bit % 8)) == 0
        }
    }

    /// In lower case, without a dot at its end.
    private static func name(_ text: Substring.UTF8View) -> [UInt8] {
        let bytes = ASCII.lowercased(text)
        return bytes.last == UInt8(ascii: ".") ? bytes.dropLast() : bytes
    }

    private static func member(_ text: String, _ names: (any HostNames)?) -> Member? {
        guard let (host, port) = split(text) else { return nil }
        if host.elementsEqual("*".utf8) { return Member(host: .any, port: port) }
        let parts = host.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        if let bytes = IPAddressBytes.parse(String(decoding: parts.first ?? host, as: UTF8.self)) {
            guard parts.count > 1 else { return Member(host: .network(bytes, bits: bytes.count * 8), port: port) }
            guard parts.count == 2, let bits = number(parts[1]), bits <= bytes.count * 8 else { return nil }
            return Member(host: .network(bytes, bits: bits), port: port)
        }
        var name = name(host)
        var isItselfMeant = true
        if name.starts(with: "*.".utf8) { name.removeFirst() }
        if name.first == UInt8(ascii: ".") {
            name.removeFirst()
            isItselfMeant = false
        }
        let isName = name.allSatisfy { byte in
            ASCII.isUnreserved(byte) && byte != UInt8(ascii: "~") || !ASCII.isASCII(byte)
        }
        guard isName, !name.isEmpty else { return nil }
        if !name.allSatisfy(ASCII.isASCII) {
            // Hosts are compared by their ASCII forms: one that has none would never be met.
            guard let ascii = try? HostName.ascii(String(decoding: name, as: UTF8.self), names) else { return nil }
            name = Self.name(ascii.utf8[...])
        }
        return Member(host: .name(name, isItselfMeant: isItselfMeant), port: port)
    }

    /// Host and port; an IPv6 address with a port stands in brackets.
    private static func split(_ text: String) -> (Substring.UTF8View, UInt16?)? {
        let bytes = text.utf8[...]
        let colon = UInt8(ascii: ":")
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            let host = bytes[bytes.index(after: bytes.startIndex)..<end]
            let rest = bytes[bytes.index(after: end)...]
            if rest.isEmpty { return (host, nil) }
            guard rest.first == colon, let port = portNumber(rest.dropFirst()) else { return nil }
            return (host, port)
        }
        guard let place = bytes.firstIndex(of: colon), bytes.lastIndex(of: colon) == place else {
            return bytes.isEmpty ? nil : (bytes, nil)
        }
        guard let port = portNumber(bytes[bytes.index(after: place)...]), place > bytes.startIndex else { return nil }
        return (bytes[..<place], port)
    }

    private static func portNumber(_ text: Substring.UTF8View) -> UInt16? {
        number(text).flatMap { UInt16(exactly: $0) }.flatMap { $0 > 0 ? $0 : nil }
    }

    private static func number(_ text: Substring.UTF8View) -> Int? {
        text.count <= 5 ? ASCII.decimal(text).map { Int($0) } : nil
    }
}
