// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// How one server is shown who we are: what the settings say for all, or of one URL for itself.
public struct ServerAccess: Equatable, Sendable {
    /// Basic authentication.
    public var username: String?
    public var password: SecretBytes?
    /// Bearer authentication; never together with `username`.
    public var token: SecretBytes?
    public var headers: [NamedText] = []

    public static let none = ServerAccess()

    /// It has an answer of its own to who we are.
    public var hasCredentials: Bool { username != nil || token != nil || has("Authorization") }

    /// A header of this name.
    public func has(_ name: String) -> Bool { headers.contains { ASCII.equalsIgnoringCase($0.name, name) } }

    /// What is wrong with it: the member and how its sentence goes on.
    func faults() -> [(key: SettingKey, text: String)] {
        var faults: [(key: SettingKey, text: String)] = []
        func note(_ key: SettingKey, _ text: String?) { if let text { faults.append((key, text)) } }
        note(.username, username.flatMap { HandshakeText.problem(username: $0) })
        note(.password, password?.withBytes { HandshakeText.problem(fieldValue: $0) })
        note(.token, token?.withBytes { HandshakeText.problem(token: $0) })
        if token != nil, username != nil { note(.token, "stands beside \"username\"; give one or the other") }
        for (key, isGiven) in [(SettingKey.username, username != nil), (.token, token != nil)]
        where isGiven && has("Authorization") {
            note(key, "stands beside the header \"Authorization\"; give one or the other")
        }
        return faults
    }

    /// Of the headers alone; `lookup` gives the value of another setting.
    func headerFaults(_ lookup: (String) -> SecretBytes?) -> [String] {
        var faults: [String] = []
        var seen: [[UInt8]] = []
        for header in headers {
            let shown = SettingsParser.shown(header.name)
            switch HeaderVariables.expand(header.text, lookup) {
            case .failure(let error) where error.kind == .misspelled:
                faults.append(
                    "holds the header \"\(shown)\", whose value has ${\(SettingsParser.shown(error.name))}: the name "
                        + "of a setting is written in small letters and without blanks, such as ${token}, ${username} "
                        + "or ${device-id}")
            case .failure(let error) where error.kind == .unclosed:
                faults.append(
                    "holds the header \"\(shown)\", whose value has ${\(SettingsParser.shown(error.name)) without "
                        + "the } behind the name")
            case .failure(let error):
                faults.append(
                    "holds the header \"\(shown)\", whose value names ${\(SettingsParser.shown(error.name))}: that "
                        + "is no setting that is given and has one text, a whole number or a choice, as device-id, "
                        + "token and delivery have; a list, a time or a file has no such value")
            case .success(let value):
                if let problem = HandshakeText.problem(headerName: header.name, value: value) { faults.append(problem) }
            }
            let lower = header.name.utf8.map(ASCII.lowercased)
            if seen.contains(lower) { faults.append("holds \"\(shown)\" twice") }
            seen.append(lower)
        }
        return faults
    }

    /// With the values of other settings in place of their names.
    func expanded(_ lookup: (String) -> SecretBytes?) -> ServerAccess {
        var access = self
        access.headers = headers.map { header in
            let value = try? HeaderVariables.expand(header.text, lookup).get()
            return NamedText(name: header.name, text: value ?? header.text)
        }
        return access
    }
}
