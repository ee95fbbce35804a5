// SPDX-License-Identifier: Apache-2.0
import CLinux
import LoopbackServer

/// `neuron-ws selftest`: what the library takes for granted of a processor, tried by many threads at once.
enum SelftestCommand {
    static let syntax = CommandSyntax(
        name: "selftest",
        summary: "try this machine's processor and the library with many threads",
        options: [
            ArgumentOption(name: "--rounds", value: "N", help: "of each trial (1000000)"),
            ArgumentOption(name: "--threads", value: "N", help: "at a time (twice as many as processors, 4 at least)"),
        ],
        notes: [
            "Memory order, atomics, locks, reference counts, and nodes that many threads push to. Each trial has one",
            "right outcome; exit status 1 says that another was seen. On a machine of a new kind, run it for an hour:",
            "--rounds 100000000.",
        ])

    static func run(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        let rounds = try arguments.integer("--rounds", in: 1...1_000_000_000) ?? 1_000_000
        let processors = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let threads = try arguments.integer("--threads", in: 2...1024) ?? min(1024, max(4, 2 * processors))
        Output.standard.writeLine(
            "\(Text.count(processors, "processor")), \(threads) threads, \(Text.grouped(rounds)) rounds")
        let stress = Stress(threads: threads, rounds: rounds)
        var failed = 0
        for trial in Trial.allCases {
            let begun = Clock.nanoseconds() / 1000
            let wrong = trial.run(stress)
            let time = Text.milliseconds(microseconds: Clock.nanoseconds() / 1000 - begun)
            Output.standard.writeLine(
                "  \(Text.left(trial.rawValue, 26))  \(Text.right(time, 14))  \(wrong ?? "right")")
            Output.standard.flush()
            if wrong != nil { failed += 1 }
        }
        Output.standard.writeLine(failed == 0 ? "All right." : "\(Text.count(failed, "trial")) went wrong.")
        return failed == 0 ? .success : .failed
    }
}

/// One thing that is tried.
enum Trial: String, CaseIterable {
    case messagePassing = "release and acquire"
    case storeBuffering = "one order for all"
    case counting = "atomic addition"
    case spinning = "compare and exchange"
    case locking = "mutex"
    case references = "reference counts"
    case pushing = "nodes and their threads"

    /// - Returns: nil, or what was seen that must not be.
    func run(_ stress: Stress) -> String? {
        switch self {
        case .messagePassing: stress.messagePassing()
        case .storeBuffering: stress.storeBuffering()
        case .counting: stress.counting()
        case .spinning: stress.spinning()
        case .locking: stress.locking()
        case .references: stress.references()
        case .pushing: stress.pushing()
        }
    }
}
