// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

struct ExtensionListTests {
    /// "a;b=c,d" again, with what was optional left out.
    private func shown(_ text: String) -> String? {
        guard let list = ExtensionList.parse(text) else { return nil }
        var members: [String] = []
        for member in list.members {
            var words = [member.name]
            for parameter in member.parameters {
                words.append(parameter.value.map { parameter.name + "=" + $0 } ?? parameter.name)
            }
            members.append(words.joined(separator: ";"))
        }
        return members.joined(separator: ",")
    }

    @Test(arguments: [
        ("", ""), (" \t", ""), (",", ""), (", ,,", ""), ("a", "a"), ("a,b", "a,b"), (" a , ,b ", "a,b"),
        ("a;b", "a;b"), ("a ; b = c ;d", "a;b=c;d"), ("a;b=\"c\"", "a;b=c"), ("a;b=\"\\c\\d\" , e", "a;b=cd,e"),
        ("a;b=1;b=2,a", "a;b=1;b=2,a"),
        ("permessage-deflate;\tclient_max_window_bits=15", "permessage-deflate;client_max_window_bits=15"),
    ])
    func takesTheGrammar(text: String, members: String) { #expect(shown(text) == members) }

    @Test(arguments: [
        ";", "a;", "a;;b", "a;b=", "a;=b", "=b", "a b", "a;b c", "a;b=c d", "a=b", "a;b=\"c", "a;b=\"", "a;b=\"\"",
        "a;b=\"c\\", "a;b=\"c d\"", "a;b=\"c,d\"", "a;b=\"c;d\"", "a;b=\"\\,\"", "a;b=\"c\"d", "a/b", "ä", "\"a\"",
        "a,b;", "a\u{7F}", "a;b==c",
    ])
    func refusesEverythingElse(text: String) { #expect(shown(text) == nil) }
}
