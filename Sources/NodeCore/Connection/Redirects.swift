// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// The redirects of one attempt (RFC 9110 §15.4): which are followed, and what goes with them.
///
/// `count <= countMax`.
public struct Redirects: Sendable {
    public enum Verdict: Equatable, Sendable {
        /// It is none, or none is wanted: the answer is the answer.
        case notFollowed
        /// There, with what may tell who we are, or without.
        case follow(WebSocketURL, keepsCredentials: Bool)
        /// Why not, in sentences.
        case refused(String)
    }

    /// 300 is a choice, 304 and 305 are none of a WebSocket's business.
    static let statuses = [301, 302, 303, 307, 308]

    private let countMax: Int
    private let names: (any HostNames)?
    private var visited: [WebSocketURL] = []

    /// How many were followed.
    public var count: Int { max(0, visited.count - 1) }

    /// - Parameter names: for a Location whose host is beyond ASCII, which RFC 3986 §3.2.2 forbids and some send.
    public init(countMax: Int, _ names: (any HostNames)? = nil) {
        self.countMax = countMax
        self.names = names
    }

    /// - Parameters:
    ///   - location: the answer's Location, as it came.
    ///   - shown: the same, as it may be said.
    public mutating func follow(
        _ status: Int, _ location: ForeignText, from url: WebSocketURL, shown: ForeignText
    ) -> Verdict {
        guard countMax > 0, Self.statuses.contains(status) else { return .notFollowed }
        if visited.isEmpty { visited.append(url) }
        let start = "The server redirects (HTTP status \(status)) "
        let said = shown.shownAsReference()
        guard let target = RedirectTarget.resolve(location, against: url, names) else {
            let user = shown.withoutUserInformation == shown ? "" : ", with a user name in it"
            return .refused(start + "to what is no address of a WebSocket: \(said)\(user).")
        }
        // What was encrypted stays so: who could lead us to ws:// could read all that follows.
        if url.isSecure, !target.isSecure {
            return .refused(
                start + "from wss:// to ws://, \(said); that is never followed. Set the address as url "
                    + "if it is the right one.")
        }
        if visited.contains(target) {
            return .refused(start + "in a circle: it has led to \(said) before. Its configuration is at fault.")
        }
        guard count < countMax else {
            return .refused(start + "once more, to \(said), after \(count) (setting redirects).")
        }
        visited.append(target)
        return .follow(target, keepsCredentials: Self.isSameServer(url, target))
    }

    /// The same host and port, or the same socket; or the same with TLS, on the ports that both have by themselves.
    private static func isSameServer(_ from: WebSocketURL, _ to: WebSocketURL) -> Bool {
        guard from.host == to.host, from.unixPath == to.unixPath else { return false }
        return from.port == to.port || (from.port == 80 && to.port == 443 && to.isSecure)
    }
}
