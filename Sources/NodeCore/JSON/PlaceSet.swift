// SPDX-License-Identifier: Apache-2.0
/// Places at which documents are looked at, all of them in one pass: see `PlaceScan`.
public struct PlaceSet: Sendable {
    /// How many they are at most: a bit of a word each.
    public static let countMax = 32

    public let pointers: [JSONPointer]
    /// Bytes of the longest name that is asked for.
    let nameBytesMax: Int
    /// How many tokens two of them have in common from the root on, for each two of them.
    private let common: [Int32]

    public init(_ pointers: [JSONPointer]) {
        precondition(pointers.count <= Self.countMax, "more places than there may be")
        self.pointers = pointers
        var nameBytesMax = 0
        var common: [Int32] = []
        for pointer in pointers {
            for token in pointer.tokens { nameBytesMax = max(nameBytesMax, token.name.count) }
            for other in pointers { common.append(Self.common(pointer.tokens, other.tokens)) }
        }
        self.nameBytesMax = nameBytesMax
        self.common = common
    }

    private static func common(_ one: [JSONPointer.Token], _ other: [JSONPointer.Token]) -> Int32 {
        var count = 0
        while count < one.count, count < other.count, one[count] == other[count] { count += 1 }
        return Int32(truncatingIfNeeded: count)
    }

    /// A bit for each.
    var all: UInt32 { pointers.isEmpty ? 0 : .max >> UInt32(Self.countMax - pointers.count) }

    func token(_ place: Int, _ depth: Int) -> JSONPointer.Token { pointers[place].tokens[depth] }

    /// Whether the token at this depth is the last of a place.
    func isLast(_ place: Int, _ depth: Int) -> Bool { pointers[place].tokens.count == depth + 1 }

    /// Whether two places are the same down to this depth, that one too.
    func agree(_ one: Int, _ other: Int, _ depth: Int) -> Bool { common[one * pointers.count + other] > depth }
}
