// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// Why settings were refused.
public struct SettingsError: Error, Equatable, Sendable {
    /// The key of the first problem; "" when the document as a whole is none.
    public let key: String
    /// For people: a sentence for each problem, at most `problemsMax` of them. Holds no secret.
    public let text: String
    /// Nothing is wrong with the settings: there was no memory to read them.
    public let isOutOfMemory: Bool

    /// How many problems it stands for; more than one where they are counted only.
    public let number: Int

    public static let noMemory = SettingsError(key: "", text: "memory is exhausted", isOutOfMemory: true)

    /// How many problems one error text names.
    public static let problemsMax = 8
    /// How many faults are told one by one; those beyond are counted.
    public static let faultsMax = Int(NEURON_WS_FAULTS_MAX)

    public init(key: String, text: String, isOutOfMemory: Bool = false, number: Int = 1) {
        self.number = number
        self.key = key
        self.text = text
        self.isOutOfMemory = isOutOfMemory
    }

    /// What to tell one by one: the first `faultsMax`, and how many more there are.
    public static func told(_ problems: [SettingsError]) -> [SettingsError] {
        var told = Array(problems.prefix(faultsMax))
        let count = count(problems)
        if count > faultsMax { told.append(SettingsError(key: "", text: "and \(count - faultsMax) more")) }
        return told
    }

    /// All problems as one error; nil when there are none.
    public static func joined(_ problems: [SettingsError]) -> SettingsError? {
        guard let first = problems.first else { return nil }
        var text = ""
        for problem in problems.prefix(problemsMax) {
            if !text.isEmpty { text += "; " }
            text += problem.text
        }
        let count = count(problems)
        if count > problemsMax { text += "; and \(count - problemsMax) more" }
        return SettingsError(key: first.key, text: text)
    }

    private static func count(_ problems: [SettingsError]) -> Int { problems.reduce(0) { $0 + $1.number } }
}
