import CLinux

/// Colours and progress, for people only: in a file or a pipe everything is plain lines.
enum Terminal {
    enum Style: String {
        case bold = "1"
        case faint = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case cyan = "36"
    }

    /// Whether standard output takes colours: a terminal that is not "dumb", and no NO_COLOR (https://no-color.org).
    static let usesColours: Bool = {
        if let value = getenv("NO_COLOR"), value.pointee != 0 { return false }
        if let value = getenv("TERM"), strcmp(value, "dumb") == 0 { return false }
        return Output.standard.isTerminal
    }()

    static func styled(_ style: Style, _ text: String) -> String {
        usesColours ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// A line about what went wrong, on standard error.
    static func complain(_ text: String) {
        Progress.shared.clear()
        Output.error.writeLine("neuron-ws: \(text)")
    }

    /// Foreign text made fit for a terminal: control characters would be obeyed there, so they are spelled out.
    static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if isControl(scalar) {
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }
}

/// A line on standard error that is rewritten in place; nothing at all where standard error is no terminal.
final class Progress: @unchecked Sendable {
    static let shared = Progress()

    private static let intervalNanoseconds: Int64 = 200_000_000

    private let isShown = Output.error.isTerminal
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var shownNanoseconds: Int64 = 0
    private var isOnScreen = false

    private init() { pthread_mutex_init(mutex, nil) }

    /// Shows the line, but not more often than five times a second. `line` is only called when it is shown.
    func show(_ line: () -> String) {
        guard isShown else { return }
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        let now = Clock.nanoseconds()
        guard now - shownNanoseconds >= Self.intervalNanoseconds else { return }
        shownNanoseconds = now
        isOnScreen = true
        Output.error.write("\r\u{1B}[K" + line())
        Output.error.flush()
    }

    /// Takes the line away, before something else is printed.
    func clear() {
        guard isShown else { return }
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard isOnScreen else { return }
        isOnScreen = false
        Output.error.write("\r\u{1B}[K")
        Output.error.flush()
    }
}

/// Time, as the tool needs it.
enum Clock {
    /// CLOCK_MONOTONIC.
    static func nanoseconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
    }

    static func sleep(milliseconds: Int) {
        var left = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
        var rest = timespec()
        while nanosleep(&left, &rest) != 0 && systemErrorNumber == EINTR { left = rest }
    }

    /// Asks every few milliseconds whether something has come true.
    /// - Returns: false if it had not when the time was over.
    static func wait(milliseconds: Int, until condition: () -> Bool) -> Bool {
        let deadline = nanoseconds() + Int64(milliseconds) * 1_000_000
        while !condition() {
            if nanoseconds() >= deadline { return false }
            sleep(milliseconds: 2)
        }
        return true
    }

    /// The local time of day, "14:03:59.127".
    static func timeOfDay() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var parts = tm()
        localtime_r(&now.tv_sec, &parts)
        let fields = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { Text.padded(Int($0), to: 2) }
        return fields.joined(separator: ":") + "." + Text.padded(Int(now.tv_nsec / 1_000_000), to: 3)
    }
}

/// Small ways of writing things.
enum Text {
    /// With leading zeros.
    static func padded(_ number: Int, to width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// A number of microseconds as seconds with six decimals; no locale has a say in it.
    static func seconds(microseconds: Int64) -> String {
        "\(microseconds / 1_000_000)." + padded(Int(microseconds % 1_000_000), to: 6)
    }

    /// "1 message", "2 messages".
    static func count(_ number: Int, _ noun: String) -> String {
        "\(grouped(number)) \(noun)\(number == 1 ? "" : "s")"
    }

    /// 1234567 as 1,234,567.
    static func grouped(_ number: Int) -> String {
        var result = ""
        for (index, digit) in String(number).reversed().enumerated() {
            if index > 0 && index % 3 == 0 && digit != "-" { result.append(",") }
            result.append(digit)
        }
        return String(result.reversed())
    }
}
