// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// How a request ended that the host was to see. Of each that may change something, which is all but reads, the log has
/// one line, in as many as its tags take; another one where the host answers after all.
public enum RequestEnd: Equatable, Sendable {
    /// By the host, with this error; nil: its answer names none.
    case answered(error: Int64?)
    /// The same, when the server had been told that it failed, if `isTold`, or is not to be told of it any more.
    case answeredLate(error: Int64?, isTold: Bool)
    /// The same, when another server was connected than the one that asked.
    case answeredElsewhere(error: Int64?)
    /// The host did not answer in time. Not `isTold`: another server was connected.
    case tooLate(isTold: Bool)
    /// The server gave its uuid to something else.
    case superseded
    /// The host let go of it.
    case dropped
    /// The node ended, and the host had it.
    case nodeEnded
    /// The node ended before the host had taken it.
    case untouched

    public var level: neuron_ws_log_level_t {
        switch self {
        case .answered, .dropped: .NEURON_WS_LOG_NOTICE
        case .answeredLate, .answeredElsewhere, .tooLate, .superseded, .nodeEnded, .untouched: .NEURON_WS_LOG_WARN
        }
    }

    /// What stands before the subject. Whether something was done is the host's to know, unless it says so.
    public func beginning(wallMilliseconds: Int64, askedBy: String) -> String {
        let (what, why): (StaticString, StaticString) =
            switch self {
            case .answered: ("Answered", "")
            case .answeredLate(_, isTold: true): ("Answered", " (too late: the server was told error 3015)")
            case .answeredLate: ("Answered", " (too late: the server is not told)")
            case .answeredElsewhere:
                ("Answered", " (not told: another server is connected than the one that asked)")
            case .tooLate(isTold: true):
                (
                    "Not answered in time",
                    " (setting request-timeout: the server was told error 3015, and it may have been carried out)"
                )
            case .tooLate:
                (
                    "Not answered in time",
                    " (setting request-timeout; not told: another server is connected; it may have been carried out)"
                )
            case .superseded:
                (
                    "Superseded",
                    " (the server gave its uuid to something else: not told, and it may have been carried out)"
                )
            case .dropped: ("Dropped", " (by the host, without an answer: it may have been carried out)")
            case .nodeEnded: ("Not answered", " (the node ended first: it may have been carried out)")
            case .untouched: ("Not carried out", " (the node ended before the host had taken it)")
            }
        return "\(what) at \(WallTime.text(milliseconds: wallMilliseconds))\(error)\(why), asked by \(askedBy): "
    }

    private var error: String {
        switch self {
        case .answered(let error?), .answeredLate(let error?, _), .answeredElsewhere(let error?):
            " with error \(error)"
        default: ""
        }
    }
}
