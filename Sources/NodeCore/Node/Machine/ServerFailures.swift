// SPDX-License-Identifier: Apache-2.0
/// How each server of a list failed last since one was connected to: the last one alone is seldom the one that matters.
public struct ServerFailures: Sendable {
    /// Servers besides the last that are named, and what is said of each, bytes.
    private static let shownMax = 4
    private static let bytesMax = 100

    /// The newest at the end.
    private var failures: [(urlIndex: Int, text: String)] = []
    /// How those failed that were tried before the last one, as a sentence behind a space; "": there is nothing to say
    /// of others.
    public private(set) var others = ""

    public init() {}

    /// - Parameter shownURL: of a server of the list.
    public mutating func failed(_ ending: Ending, urlIndex: Int, shownURL: (Int) -> String) {
        failures.removeAll { $0.urlIndex == urlIndex }
        let shown = failures.suffix(Self.shownMax).map { "\(shownURL($0.urlIndex)): \($0.text)" }
        let more = failures.count - shown.count
        others =
            shown.isEmpty
            ? "" : " Before that " + shown.joined(separator: "; ") + (more > 0 ? "; and \(more) more." : ".")
        failures.append((urlIndex, ending.brief(bytesMax: Self.bytesMax)))
    }
}
