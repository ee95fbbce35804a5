// SPDX-License-Identifier: Apache-2.0
/// The lines of standard input that could not be used: the first are told one by one, the others counted, and told when
/// their number has doubled. A file that holds something else altogether would fill the screen.
struct BadLines {
    /// Told one by one.
    private static let eachUpTo = 20

    private(set) var count = 0
    private var tellsAt = 2 * BadLines.eachUpTo

    /// The line to print, or nil.
    mutating func next(line: Int, _ why: String) -> String? {
        count += 1
        if count > Self.eachUpTo {
            guard count == tellsAt else { return nil }
            tellsAt *= 2
            return "\(Text.grouped(count)) lines were bad so far; the last, line \(line): \(why)"
        }
        let more = count == Self.eachUpTo ? "; further ones are counted" : ""
        return "line \(line): \(why)\(more)"
    }
}
