// SPDX-License-Identifier: Apache-2.0
/// Which subscriptions, or filters, matched a group, so that one that matched none is told: its name is written wrong,
/// most likely.
struct SubscriptionWatch {
    struct Pattern {
        let driver: String
        let group: String
        var hasMatched = false

        /// Names are compared byte by byte, as the library does.
        func matches(_ driver: String, _ group: String) -> Bool {
            (self.driver == "*" || self.driver.utf8.elementsEqual(driver.utf8))
                && (self.group == "*" || self.group.utf8.elementsEqual(group.utf8))
        }
    }

    /// So many names of groups that came are told.
    private static let namesMax = 5

    private(set) var patterns: [Pattern]
    /// What they were given with, "--subscribe".
    private let option: String
    /// The user named them: only those have to match.
    private let isGiven: Bool
    /// Groups that no pattern matched.
    private var others: [String] = []
    private var hasSeenGroups = false

    /// - Parameters:
    ///   - texts: DRIVER/GROUP each; none: all groups.
    ///   - option: what they were given with, for the complaints.
    static func parse(_ texts: [String], option: String) throws(UsageError) -> SubscriptionWatch {
        var patterns: [Pattern] = []
        for text in texts {
            let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
                throw UsageError(text: "\(option) takes DRIVER/GROUP, * for all, not \"\(text)\"")
            }
            patterns.append(Pattern(driver: parts[0], group: parts[1]))
        }
        let all = [Pattern(driver: "*", group: "*")]
        return SubscriptionWatch(patterns.isEmpty ? all : patterns, option: option, isGiven: !texts.isEmpty)
    }

    private init(_ patterns: [Pattern], option: String, isGiven: Bool) {
        self.patterns = patterns
        self.option = option
        self.isGiven = isGiven
    }

    /// A line that the library took for a group. Not looked into once every subscription has matched.
    mutating func saw(_ line: UnsafeRawBufferPointer) {
        guard isGiven, patterns.contains(where: { !$0.hasMatched }) else { return }
        _ = note(line)
    }

    /// Whether a message is of a group that was named; where none was named all are. One that names no group is not.
    mutating func matches(_ message: UnsafeRawBufferPointer) -> Bool { isGiven ? note(message) : true }

    private mutating func note(_ document: UnsafeRawBufferPointer) -> Bool {
        guard let root = try? JSON.parse(document), let driver = root["node"]?.string,
            let group = root["group"]?.string
        else { return false }
        hasSeenGroups = true
        var isKnown = false
        for index in patterns.indices where patterns[index].matches(driver, group) {
            patterns[index].hasMatched = true
            isKnown = true
        }
        let name = "\(driver)/\(group)"
        if !isKnown, others.count < Self.namesMax, !others.contains(name) { others.append(name) }
        return isKnown
    }

    /// A sentence for each that matched nothing.
    var complaints: [String] {
        guard isGiven, hasSeenGroups else { return [] }
        return patterns.filter { !$0.hasMatched }.map { pattern in
            let came = others.isEmpty ? "" : "; what else came: " + others.joined(separator: ", ")
            return "\(option) \(pattern.driver)/\(pattern.group) matched no group; names are case-sensitive" + came
        }
    }
}
