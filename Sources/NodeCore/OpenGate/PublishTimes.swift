// SPDX-License-Identifier: Apache-2.0
import CJansson

/// The setting `opengate-publish`: which datastreams are gathered, and how long. Immutable.
public final class PublishTimes: Sendable {
    private struct Entry {
        let name: [UInt8]
        let milliseconds: Int64
    }

    /// In the order of their names, to search in.
    private let entries: [Entry]
    /// Of all that are not named; 0: they go at once.
    private let others: Int64

    /// Stands for all datastreams that are not named.
    private static let wildcard = "*"

    /// Nil: everything goes at once.
    init?(_ times: [NamedTime]) {
        var entries: [Entry] = []
        var others: Int64 = 0
        for time in times {
            if time.name.utf8.elementsEqual(Self.wildcard.utf8) {
                others = time.milliseconds
            } else {
                entries.append(Entry(name: Array(time.name.utf8), milliseconds: time.milliseconds))
            }
        }
        if others == 0, !entries.contains(where: { $0.milliseconds > 0 }) { return nil }
        self.others = others
        self.entries = entries.sorted { one, other in
            one.name.withUnsafeBytes { Self.order(other.name, $0) > 0 }
        }
    }

    /// How long values of the datastream are gathered, milliseconds; 0: they go at once.
    func milliseconds(_ name: UnsafeRawBufferPointer) -> Int64 {
        var lower = 0
        var upper = entries.count
        while lower < upper {
            let middle = (lower + upper) / 2
            let order = Self.order(entries[middle].name, name)
            if order == 0 { return entries[middle].milliseconds }
            if order < 0 { lower = middle + 1 } else { upper = middle }
        }
        return others
    }

    /// Negative, 0 or positive: shorter names go first.
    private static func order(_ one: [UInt8], _ other: UnsafeRawBufferPointer) -> Int {
        if one.count != other.count { return one.count - other.count }
        for index in one.indices where one[index] != other[index] { return Int(one[index]) - Int(other[index]) }
        return 0
    }
}
