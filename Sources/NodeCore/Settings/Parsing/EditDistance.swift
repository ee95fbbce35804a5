// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// How many letters must be put in, taken out, changed or swapped with their neighbour to get from one name to another.
enum EditDistance {
    /// The distance of the names' bytes, without regard to case and with `_` as `-`; `limit` + 1 when it is larger.
    static func between(_ one: String, _ other: String, atMost limit: Int) -> Int {
        let left = normalized(one)
        let right = normalized(other)
        // Also keeps the table small for whatever a document holds.
        if abs(left.count - right.count) > limit { return limit + 1 }
        let width = right.count + 1
        var table = [Int](repeating: 0, count: (left.count + 1) * width)
        for column in 0..<width { table[column] = column }
        for row in 0..<left.count {
            table[(row + 1) * width] = row + 1
            for column in 0..<right.count {
                let here = (row + 1) * width + column + 1
                var best = table[here - width - 1] + (left[row] == right[column] ? 0 : 1)
                best = min(best, table[here - width] + 1, table[here - 1] + 1)
                if row > 0 && column > 0 && left[row] == right[column - 1] && left[row - 1] == right[column] {
                    best = min(best, table[here - 2 * width - 2] + 1)
                }
                table[here] = best
            }
        }
        return min(table[table.count - 1], limit + 1)
    }

    private static func normalized(_ name: String) -> [UInt8] {
        name.utf8.map { byte in
            byte == UInt8(ascii: "_") ? UInt8(ascii: "-") : ASCII.lowercased(byte)
        }
    }
}
