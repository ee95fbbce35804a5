// SPDX-License-Identifier: Apache-2.0
import NodeCore
import WebSocketCore

/// What `before_connect` may change for one attempt.
final class Attempt {
    /// Which of the settings' URLs it is; follows it where those change around it.
    var urlIndex: Int
    var url: WebSocketURL?
    /// nil: taken away.
    var headers: [(name: String, value: SecretBytes?)] = []
    var token: SecretBytes?
    /// Where redirects have led so far.
    var redirects: Redirects
    /// A redirect has led to another host, which has no business with what only the first one is to know.
    private(set) var dropsCredentials = false

    /// Headers that one attempt can set at most.
    static let headersMax = 64

    init(urlIndex: Int, redirectsMax: Int = 0) {
        self.urlIndex = urlIndex
        redirects = Redirects(countMax: redirectsMax, LoadedHostNames.shared)
    }

    /// The URL is the server's: nothing is added to it.
    var isRedirected: Bool { redirects.count > 0 }

    func redirected(to url: WebSocketURL, keepsCredentials: Bool) {
        self.url = url
        guard !keepsCredentials else { return }
        dropsCredentials = true
        headers = []
        token = nil
    }
}

extension Attempt {
    /// The host set or took away a header of this name for this attempt.
    func replaces(_ name: String) -> Bool { headers.contains { Self.isSame($0.name, name) } }

    /// Header names do not mind ASCII case (RFC 9110 §5.1).
    static func isSame(_ left: String, _ right: String) -> Bool {
        let left = left.utf8
        let right = right.utf8
        return left.count == right.count && zip(left, right).allSatisfy { ASCII.lowercased($0) == ASCII.lowercased($1) }
    }
}
