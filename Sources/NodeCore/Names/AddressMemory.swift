// SPDX-License-Identifier: Apache-2.0
/// Which addresses took a connection and then failed, so that the next attempt begins with another one.
///
/// An address that refuses or does not answer needs no memory: the race of addresses goes on to the next by itself. One
/// that takes the connection wins that race, whatever comes behind it: a wrong certificate, silence, an HTTP error, an
/// end right after the handshake.
///
/// `failed.count <= addressesMax`, each address once.
public struct AddressMemory: Equatable, Sendable {
    /// More are not remembered, 32; the oldest failure goes first.
    public static let addressesMax = 32

    /// An end within so much time after the handshake is a failure, 10 s: a server that takes connections and turns
    /// them away is none to begin with.
    public static let soonNanoseconds: UInt64 = 10_000_000_000

    /// The one that failed longest ago first.
    private var failed: [String] = []

    public init() {}

    private mutating func failed(_ address: String) {
        failed.removeAll { $0 == address }
        if failed.count >= Self.addressesMax { failed.removeFirst() }
        failed.append(address)
    }

    /// A connection has ended that nobody on this side wanted to end. `openNanoseconds`: how long messages could flow;
    /// nil: never.
    public mutating func ended(_ address: String, openNanoseconds: UInt64?) {
        if let openNanoseconds, openNanoseconds >= Self.soonNanoseconds { return }
        failed(address)
    }

    /// Messages may flow.
    public mutating func succeeded(_ address: String) {
        failed.removeAll { $0 == address }
    }

    /// In which order to try `addresses`, as indexes: those without a failure as they come, then the others, the one
    /// that failed last at the end. `unfailed` is how many the former are.
    public func order(_ addresses: [String]) -> (indexes: [Int], unfailed: Int) {
        var indexes: [Int] = []
        for index in addresses.indices where !failed.contains(addresses[index]) { indexes.append(index) }
        let unfailed = indexes.count
        for address in failed {
            for index in addresses.indices where addresses[index] == address { indexes.append(index) }
        }
        return (indexes, unfailed)
    }
}
