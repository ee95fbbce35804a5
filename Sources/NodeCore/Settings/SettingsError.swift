/// Why settings were refused.
public struct SettingsError: Error, Equatable, Sendable {
    /// The key of the first problem; "" when the document as a whole is none.
    public let key: String
    /// For people: a sentence for each problem, at most `problemsMax` of them. Holds no secret.
    public let text: String
    /// Nothing is wrong with the settings: there was no memory to read them.
    public let isOutOfMemory: Bool

    /// How many problems one error text names.
    public static let problemsMax = 8

    public init(key: String, text: String, isOutOfMemory: Bool = false) {
        self.key = key
        self.text = text
        self.isOutOfMemory = isOutOfMemory
    }

    /// All problems as one error; nil when there are none.
    static func joined(_ problems: [SettingsError]) -> SettingsError? {
        guard let first = problems.first else { return nil }
        var text = ""
        for problem in problems.prefix(problemsMax) {
            if !text.isEmpty { text += "; " }
            text += problem.text
        }
        if problems.count > problemsMax { text += "; and \(problems.count - problemsMax) more" }
        return SettingsError(key: first.key, text: text)
    }
}
