// SPDX-License-Identifier: Apache-2.0
/// An object's JSON text, member by member.
struct ObjectText {
    private var text: [UInt8] = [UInt8(ascii: "{")]

    mutating func string(_ name: String, _ value: String) {
        begin(name)
        JSONText.appendString(value, to: &text)
    }

    /// `json` is JSON already.
    mutating func raw(_ name: String, _ json: String) {
        begin(name)
        text.append(contentsOf: json.utf8)
    }

    private mutating func begin(_ name: String) {
        if text.count > 1 { text.append(UInt8(ascii: ",")) }
        JSONText.appendString(name, to: &text)
        text.append(UInt8(ascii: ":"))
    }

    func finished() -> [UInt8] { text + [UInt8(ascii: "}")] }
}
