// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

/// Ten thousand nodes whose one server restarts: when they come back, with the jitter of the house and without any.
struct Herd {
    static let nodes = 10_000
    /// The server refuses for so long, 5 s.
    static let outage: UInt64 = 5_000_000_000
    static let bucket: UInt64 = 100_000_000
    static let buckets = 200

    /// Attempts in each 100 ms since the server went.
    private(set) var attempts = [Int](repeating: 0, count: buckets)
    /// When each was connected again, in nanoseconds since then; sorted.
    private(set) var back: [UInt64] = []

    /// - Parameter hasJitter: false: each waits as long as it may, as a plain exponential back-off does.
    init(hasJitter: Bool) {
        var random = Seeded(1)
        for _ in 0..<Self.nodes {
            back.append(Self.run(hasJitter, &random) { attempts[min($0, Self.buckets - 1)] += 1 })
        }
        back.sort()
    }

    private static let parameters = NodeMachine.Parameters(
        connectTimeout: 30_000_000_000, closeTimeout: 5_000_000_000, pingInterval: 20_000_000_000,
        pingTimeout: 10_000_000_000, reconnectMinimum: 1_000_000_000, reconnectMaximum: 10_000_000_000, urlCount: 1)

    /// One node; `attempted` hears in which of the buckets it tried.
    private static func run(_ hasJitter: Bool, _ random: inout Seeded, _ attempted: (Int) -> Void) -> UInt64 {
        var machine = NodeMachine(parameters)
        var failures: UInt64 = 0
        func draw() -> UInt64 {
            if hasJitter { return random.next() }
            // What is left of it by the bound of the wait is that bound.
            return min(parameters.reconnectMinimum << min(failures, 10), parameters.reconnectMaximum)
        }
        var now: UInt64 = 1
        _ = machine.started(now: now)
        now = machine.deadline ?? now
        _ = machine.timerFired(now: now, random: 0)
        _ = machine.streamConnected()
        _ = machine.handshakeCompleted(now: now)
        let gone = now + 2 * Backoff.stableNanoseconds
        now = gone
        var action = machine.failed(.endOfStream, now: now, random: draw())
        while true {
            switch action {
            case .connect, .reconnect:
                attempted(Int((now - gone) / bucket))
                guard now - gone < outage else {
                    _ = machine.streamConnected()
                    _ = machine.handshakeCompleted(now: now)
                    return now - gone
                }
                failures += 1
                let refused = Ending(reason: .NEURON_WS_REASON_NETWORK_ERROR, text: "Refused.")
                action = machine.failed(refused, now: now, random: draw())
            default:
                now = max(now, machine.deadline ?? now)
                action = machine.timerFired(now: now, random: draw())
            }
        }
    }

    private func seconds(_ share: Double) -> String {
        let index = min(back.count - 1, Int(share * Double(back.count)))
        let tenths = Int((back[index] + Self.bucket - 1) / Self.bucket)
        return "\(tenths / 10).\(tenths % 10)"
    }

    // MARK: What is told

    /// As Markdown: the whole, and then each 100 ms.
    static func table(_ with: Herd, _ without: Herd) -> String {
        func row(_ what: String, _ value: (Herd) -> String) -> String {
            "| \(what) | \(value(with)) | \(value(without)) |\n"
        }
        var text = "| | with jitter | without |\n|---|---|---|\n"
        text += row("attempts, all") { "\($0.attempts.reduce(0, +))" }
        text += row("most attempts in 100 ms") { "\($0.attempts.max() ?? 0)" }
        text += row("half are back after") { "\($0.seconds(0.5)) s" }
        text += row("99 % are back after") { "\($0.seconds(0.99)) s" }
        text += row("all are back after") { "\($0.seconds(1)) s" }
        text += "\n| from, s | attempts in 100 ms, with jitter | without |\n|---|---|---|\n"
        let last = max(with.lastBucket, without.lastBucket)
        for index in 0...last {
            text += "| \(index / 10).\(index % 10) | \(with.attempts[index]) | \(without.attempts[index]) |\n"
        }
        return text
    }

    private var lastBucket: Int { attempts.lastIndex { $0 > 0 } ?? 0 }

    static func picture(_ with: Herd, _ without: Herd) -> String {
        let (width, height, left, top) = (640, 150, 56, 30)
        let last = max(with.lastBucket, without.lastBucket) + 1
        var text =
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(width + left + 16) \(2 * (height + 60) + 10)\" "
            + "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
        for (number, (herd, name)) in [(without, "without jitter"), (with, "with full jitter")].enumerated() {
            let base = top + height + number * (height + 60)
            let most = herd.attempts.max() ?? 1
            text +=
                "<text x=\"\(left)\" y=\"\(base - height - 8)\">Attempts per 100 ms, \(name): at most "
            text += "\(most)</text>\n"
            for index in 0..<last where herd.attempts[index] > 0 {
                let x = left + index * width / last
                let bar = max(1, herd.attempts[index] * height / most)
                text += "<rect x=\"\(x)\" y=\"\(base - bar)\" width=\"\(max(1, width / last))\" height=\"\(bar)\" "
                text += "fill=\"\(number == 0 ? "#c0392b" : "#2471a3")\"/>\n"
            }
            text += "<path d=\"M\(left) \(base - height)V\(base)H\(left + width)\" fill=\"none\" stroke=\"#333\"/>\n"
            text += "<text x=\"\(left - 6)\" y=\"\(base - height + 10)\" text-anchor=\"end\">\(most)</text>\n"
            for second in stride(from: 0, through: last / 10, by: 2) {
                text += "<text x=\"\(left + second * 10 * width / last)\" y=\"\(base + 16)\">\(second) s</text>\n"
            }
            let end = left + Int(outage / bucket) * width / last
            text += "<path d=\"M\(end) \(base - height)V\(base)\" stroke=\"#27ae60\" stroke-dasharray=\"4 3\"/>\n"
            text += "<text x=\"\(end + 4)\" y=\"\(base - height + 10)\" fill=\"#27ae60\">the server is back</text>\n"
        }
        return text + "</svg>\n"
    }
}
