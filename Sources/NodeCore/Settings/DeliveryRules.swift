// SPDX-License-Identifier: Apache-2.0
/// What must fit together for a delivery level to be reached.
enum DeliveryRules {
    /// Root members that tell what a server's document is: one with such a member would be taken for an
    /// acknowledgement.
    private static let requestMembers = [
        "uuid", "node", "group", "tag", "tags", "value", "values", "timestamp", "action", "operation",
    ]

    static func check(_ parser: inout SettingsParser) {
        let isAcked = parser.effective(.delivery) == .integer(2)
        if parser.effective(.delivery) == .integer(1), parser.effective(.pingInterval) == .milliseconds(0) {
            parser.refuse(.delivery, "is `peer-parsed` and needs Pings; \"ping-interval\" is 0, which means none")
        }
        if case .text(let member)? = parser.given(.ackMember), requestMembers.contains(member) {
            parser.refuse(.ackMember, "is a member of requests; it takes a name that no request has, as \"ack\"")
        }
        guard isAcked || parser.given(.sequence) == .boolean(true) else { return }
        let (key, what) = isAcked ? (SettingKey.delivery, "is `app-acked`") : (.sequence, "is true")
        if parser.effective(.format) == .integer(5) {
            parser.refuse(key, "\(what); documents of the format \"opengate\" have no place for a message's number")
        }
        if parser.effective(.format) == .integer(3), let template = parser.template, !template.takesNumber {
            parser.refuse(
                .schema,
                "has no place for a message's number, where \"\(key.rawValue)\" \(what): it takes an object without "
                    + "the members seq, stream and resent")
        }
    }
}
