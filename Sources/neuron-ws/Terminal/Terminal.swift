// SPDX-License-Identifier: Apache-2.0
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

    /// One that obeys no escape sequences.
    static let isDumb: Bool = getenv("TERM").map { strcmp($0, "dumb") == 0 } ?? false

    /// Nothing but plain lines is wanted: the terminal is "dumb", or there is NO_COLOR (https://no-color.org).
    static let isPlain: Bool = isDumb || (getenv("NO_COLOR").map { $0.pointee != 0 } ?? false)

    /// Whether standard output takes colours.
    static let usesColours: Bool = !isPlain && Output.standard.isTerminal

    static func styled(_ style: Style, _ text: String) -> String {
        usesColours ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// A line about what went wrong, on standard error.
    static func complain(_ text: String) {
        Progress.shared.clear()
        Output.error.writeLine("neuron-ws: \(text)")
    }

    /// Foreign text made fit for a terminal: control characters, marks of direction, breaks of lines and what has no
    /// width would be obeyed there or mislead, so they are spelled out, as JSON does.
    /// - Parameter charactersMax: a longer text ends in "…" behind so many.
    static func printable(_ text: String, charactersMax: Int = .max) -> String {
        if text.utf8.count > charactersMax, text.unicodeScalars.count > charactersMax {
            return printable(String(text.unicodeScalars.prefix(charactersMax))) + "…"
        }
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if isControl(scalar) {
                // As in JSON: beyond four digits it takes two of them.
                for unit in UTF16.encode(scalar).unsafelyUnwrapped {
                    let digits = String(unit, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A terminal obeys it, or it misleads.
    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F: true
        case 0xAD, 0x61C, 0x180E, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB: true
        case 0xE0000...0xE0FFF: true
        default: false
        }
    }
}

/// A line on standard error that is rewritten in place; nothing at all where standard error is no terminal, or a plain
/// one.
final class Progress: @unchecked Sendable {
    static let shared = Progress()

    private static let intervalNanoseconds: Int64 = 200_000_000

    private let isShown = Output.error.isTerminal && !Terminal.isPlain
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
        Output.error.write("\r\u{1B}[K" + Self.withoutWrapping(line()))
        Output.error.flush()
    }

    /// What does not fit into one row is left out (DECAWM off): it would go on in the next row, and stay there when the
    /// line is rewritten. The terminal knows best how wide it is now.
    private static func withoutWrapping(_ line: String) -> String { "\u{1B}[?7l\(line)\u{1B}[?7h" }

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
