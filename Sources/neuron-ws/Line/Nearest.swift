// SPDX-License-Identifier: Apache-2.0
/// Finds what somebody probably meant.
enum Nearest {
    /// "; did you mean --url?", or nothing when no candidate is near.
    static func hint(_ word: String, among candidates: [String]) -> String {
        guard let found = find(word, among: candidates) else { return "" }
        return "; did you mean \(found)?"
    }

    /// The candidate with the fewest changes, if fewer than half of its characters are changed.
    static func find(_ word: String, among candidates: [String]) -> String? {
        var best: (candidate: String, distance: Int)?
        for candidate in candidates {
            let distance = distance(Array(word.lowercased()), Array(candidate))
            if distance * 2 < max(candidate.count, 2) && distance < best?.distance ?? Int.max {
                best = (candidate, distance)
            }
        }
        return best?.candidate
    }

    /// How many insertions, deletions, replacements and swaps of neighbours make one word the other.
    private static func distance(_ one: [Character], _ other: [Character]) -> Int {
        var before: [Int] = []
        var last = Array(0...other.count)
        for row in 0..<one.count {
            var next = [row + 1]
            for column in 0..<other.count {
                let change = one[row] == other[column] ? 0 : 1
                var cost = min(next[column] + 1, last[column + 1] + 1, last[column] + change)
                if row > 0 && column > 0 && one[row] == other[column - 1] && one[row - 1] == other[column] {
                    cost = min(cost, before[column - 1] + 1)
                }
                next.append(cost)
            }
            before = last
            last = next
        }
        return last[other.count]
    }
}
