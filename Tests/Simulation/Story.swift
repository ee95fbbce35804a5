// SPDX-License-Identifier: Apache-2.0

/// What happened in a world, for who reads its failure.
struct Story {
    let isTold: Bool
    private(set) var lines: [String] = []

    init(isTold: Bool) { self.isTold = isTold }

    mutating func add(_ line: String) { lines.append(line) }
}

/// What a seed makes: the same one each time, told or not.
protocol SeededWorld: AnyObject {
    var story: Story { get set }
    var steps: Int { get }
    /// Nanoseconds.
    var now: UInt64 { get }
    init(seed: UInt64, isTold: Bool)
    /// Runs it all. - Returns: nil if everything held.
    func run() -> String?
}

extension SeededWorld {
    /// Lines of a story that are printed.
    private static var linesMax: Int { 40 }

    func tell(_ line: @autoclosure () -> String) {
        if story.isTold { story.add("\(steps) at \(now / 1_000_000) ms: \(line())") }
    }

    /// Runs it. - Parameter isFirst: the first one of a run that fails is told step by step.
    func holds(seed: UInt64, _ name: String, isFirst: Bool) -> Bool {
        guard let failure = run() else { return true }
        print("seed \(seed)\(name): \(failure)")
        guard isFirst else { return false }
        let told = Self(seed: seed, isTold: true)
        _ = told.run()
        for line in told.story.lines.suffix(Self.linesMax) { print("    \(line)") }
        return false
    }
}

extension World: SeededWorld {}
extension CacheWorld: SeededWorld {}
extension OrderWorld: SeededWorld {}
extension RequestWorld: SeededWorld {}
