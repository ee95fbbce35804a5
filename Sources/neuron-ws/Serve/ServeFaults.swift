// SPDX-License-Identifier: Apache-2.0
import LoopbackServer

/// A fault that `serve --fault` knows: how it is written, what it takes, what it does.
enum ServeFault: String, CaseIterable {
    case close, reset, stall, slow, status
    case retryAfter = "retry-after"
    case noPong = "no-pong"
    case wrongPong = "wrong-pong"
    case rejectFirst = "reject-first"

    /// How it is written, capitals for what is to be filled in.
    var form: String {
        switch self {
        case .close: "close=CODE@N"
        case .reset: "reset@N"
        case .stall: "stall@N"
        case .slow: "slow=BYTES/S"
        case .status: "status=CODE"
        case .retryAfter: "retry-after=S"
        case .noPong, .wrongPong: rawValue
        case .rejectFirst: "reject-first=N"
        }
    }

    var meaning: String {
        switch self {
        case .close: "each connection gets a Close frame with CODE behind its message N (0: at once)"
        case .reset: "each connection is cut off by an RST behind its message N"
        case .stall: "behind a connection's message N the server neither reads nor answers any more"
        case .slow: "the server reads so many bytes a second from each connection"
        case .status: "the handshake is answered with this HTTP status, 503 for example"
        case .retryAfter: "the same with the header Retry-After, in seconds; without status: 503"
        case .noPong: "Pings are not answered"
        case .wrongPong: "Pings are answered with other bytes than theirs"
        case .rejectFirst: "only the first N handshakes are refused, with status or 503"
        }
    }

    /// What is to be filled in.
    fileprivate var takes: String {
        switch self {
        case .close:
            "a close code that may be sent (1000 to 1003, 1007 to 1014, 3000 to 4999) and a number of messages "
                + "from 0 to \(ServeFaults.messagesMax)"
        case .reset, .stall: "a number of messages from 0 to \(ServeFaults.messagesMax)"
        case .slow: "a number of bytes a second from 1 to \(ServeFaults.bytesPerSecond.upperBound)"
        case .status: "an HTTP status from \(ServeFaults.statuses.lowerBound) to \(ServeFaults.statuses.upperBound)"
        case .retryAfter: "whole seconds from 0 to \(ServeFaults.retryAfterSeconds.upperBound)"
        case .noPong, .wrongPong: "nothing more"
        case .rejectFirst: "a number of handshakes from 1 to \(ServeFaults.rejected.upperBound)"
        }
    }

    /// The one whose name is written, without what belongs to it.
    static func named(in text: String) throws(UsageError) -> ServeFault {
        let name = String(text.prefix { $0 != "=" && $0 != "@" })
        if let fault = ServeFault(rawValue: name) { return fault }
        let near = Nearest.find(name, among: allCases.map { $0.rawValue }).flatMap { ServeFault(rawValue: $0) }
        let meant = near.map { "; did you mean \($0.form)? It takes \($0.takes)" } ?? ""
        let all = allCases.map { $0.form }.joined(separator: ", ")
        throw UsageError(text: "--fault \"\(text)\" is no fault\(meant). The faults are \(all)")
    }
}

/// What `serve` does wrong. It decides nothing more once the server's behaviour is made of it.
struct ServeFaults: Equatable {
    static let messagesMax = 1_000_000_000
    static let bytesPerSecond = 1...1_000_000_000
    static let statuses = 200...599
    /// A year.
    static let retryAfterSeconds = 0...31_536_000
    static let rejected = 1...1_000_000_000

    private(set) var ending: ServerBehaviour.Ending?
    private(set) var readBytesPerSecond: Int?
    private(set) var status: Int?
    private(set) var retryAfterSeconds: Int?
    private(set) var rejectFirst: Int?
    private(set) var pongs = ServerBehaviour.Pongs.right

    /// - Parameter texts: what followed each `--fault`; commas part the faults of one.
    static func parse(_ texts: [String]) throws(UsageError) -> ServeFaults {
        var faults = ServeFaults()
        var given: [ServeFault] = []
        for piece in texts.flatMap({ $0.split(separator: ",", omittingEmptySubsequences: false) }) {
            let text = String(piece)
            let fault = try ServeFault.named(in: text)
            guard !given.contains(fault) else { throw UsageError(text: "--fault \(fault.form) was given twice") }
            given.append(fault)
            let arguments = text.dropFirst(fault.rawValue.count)
            guard faults.take(fault, arguments) else {
                throw UsageError(text: "--fault \(fault.form) takes \(fault.takes), not \"\(text)\"")
            }
        }
        try check(given)
        return faults
    }

    /// What cannot be seen together is refused, so that nobody waits for it.
    private static func check(_ given: [ServeFault]) throws(UsageError) {
        let ends: [ServeFault] = [.close, .reset, .stall]
        for (alternatives, reason) in [
            (ends, "behind the first of them no further message is read"),
            ([ServeFault.noPong, .wrongPong], "a Ping has one answer or none"),
        ] {
            let both = given.filter { alternatives.contains($0) }
            if both.count > 1 {
                throw UsageError(text: "--fault \(both[0].form) and \(both[1].form) exclude each other: \(reason)")
            }
        }
        let later = given.first { ends.contains($0) || [.slow, .noPong, .wrongPong].contains($0) }
        if let refusal = given.first(where: { $0 == .status || $0 == .retryAfter }), let later,
            !given.contains(.rejectFirst)
        {
            throw UsageError(
                text: "--fault \(refusal.form) refuses every client, so \(later.form) never comes to pass: "
                    + "add \(ServeFault.rejectFirst.form)")
        }
    }

    /// - Returns: false if that is not what the fault takes.
    private mutating func take(_ fault: ServeFault, _ arguments: Substring) -> Bool {
        switch fault {
        case .close, .reset, .stall: return takeEnding(fault, arguments)
        case .slow:
            let isPerSecond = arguments.hasSuffix("/s") || arguments.hasSuffix("/S")
            readBytesPerSecond = Self.number(arguments.dropLast(isPerSecond ? 2 : 0), behind: "=", Self.bytesPerSecond)
            return readBytesPerSecond != nil
        case .status:
            status = Self.number(arguments, behind: "=", Self.statuses)
            return status != nil
        case .retryAfter:
            retryAfterSeconds = Self.number(arguments, behind: "=", Self.retryAfterSeconds)
            return retryAfterSeconds != nil
        case .rejectFirst:
            rejectFirst = Self.number(arguments, behind: "=", Self.rejected)
            return rejectFirst != nil
        case .noPong, .wrongPong:
            pongs = fault == .noPong ? .none : .wrong
            return arguments.isEmpty
        }
    }

    private mutating func takeEnding(_ fault: ServeFault, _ arguments: Substring) -> Bool {
        let at = arguments.firstIndex(of: "@") ?? arguments.endIndex
        guard let messages = Self.number(arguments[at...], behind: "@", 0...Self.messagesMax) else { return false }
        let before = arguments[..<at]
        if fault == .close {
            guard let number = Self.number(before, behind: "=", 1000...4999), let code = UInt16(exactly: number),
                ServerBehaviour.mayClose(with: code)
            else { return false }
            ending = ServerBehaviour.Ending(messages: messages, how: .close(code: code, reason: "--fault"))
            return true
        }
        ending = ServerBehaviour.Ending(messages: messages, how: fault == .reset ? .reset : .stall)
        return before.isEmpty
    }

    /// "=12" as 12: digits alone, behind the mark.
    private static func number(_ text: Substring, behind mark: Character, _ range: ClosedRange<Int>) -> Int? {
        let digits = text.dropFirst()
        guard text.first == mark, digits.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(digits),
            range.contains(number)
        else { return nil }
        return number
    }

    // MARK: What the server is told

    func apply(to configuration: inout ServerConfiguration) {
        configuration.behaviour.ending = ending
        configuration.behaviour.readBytesPerSecond = readBytesPerSecond
        configuration.behaviour.pongs = pongs
        configuration.behaviour.handshakeCount = rejectFirst
        if status != nil || retryAfterSeconds != nil || rejectFirst != nil {
            let status = status ?? 503
            configuration.behaviour.handshake = .refuse(
                status: status, reason: Self.reasons[status] ?? "Refused",
                headers: retryAfterSeconds.map { [("Retry-After", "\($0)")] } ?? [])
        }
        // A small buffer, or the kernel would take some megabytes before a client feels that nobody reads.
        if readBytesPerSecond != nil || ending?.how == .stall {
            configuration.receiveBufferBytes = Self.smallReceiveBufferBytes
        }
    }

    private static let smallReceiveBufferBytes: Int32 = 16 * 1024

    /// RFC 9110 §15, RFC 6585.
    private static let reasons = [
        400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 426: "Upgrade Required",
        429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable",
        504: "Gateway Timeout",
    ]
}
