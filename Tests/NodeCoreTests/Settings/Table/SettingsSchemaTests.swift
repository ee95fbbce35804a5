// SPDX-License-Identifier: Apache-2.0
import NodeCore
import Testing

@Suite struct SettingsSchemaTests {
    private func schema() throws -> JSONValue {
        try JSONDocument.parse(String(decoding: SettingsSchema.json(), as: UTF8.self), byteCountMax: 1 << 20).root
    }

    @Test func eachMemberHasTheFormsParts() throws {
        let types = ["int", "string", "bool", "map", "file"]
        var count = 0
        try schema().forEachMember { key, member in
            count += 1
            for part in ["name", "name_zh", "description", "description_zh"] {
                #expect(member[part]?.kind == .string, "\(key) \(part)")
            }
            #expect(types.contains(member["type"]?.string ?? ""), "\(key)")
            #expect(["required", "optional"].contains(member["attribute"]?.string ?? ""), "\(key)")
            #expect(member["valid"]?.kind == .object, "\(key)")
            // The form refuses an empty number field, even an optional one.
            if member["type"]?.string == "int" { #expect(member["default"]?.number != nil, "\(key)") }
            return true
        }
        // Not host, port, tls, path, which the URL says; nor user-timeout, which has no number for its default.
        #expect(count == SettingKey.allCases.count - 5)
    }

    @Test func membersReadAsTheGatewayExpects() throws {
        let schema = try schema()
        let format = try #require(schema["format"])
        #expect(format["type"]?.string == "map")
        #expect(format["default"]?.integer == 0)
        #expect(format["valid"]?["map"]?.count == 5)
        #expect(format["valid"]?["map"]?[3]?["key"]?.string == "custom")
        #expect(format["valid"]?["map"]?[3]?["value"]?.integer == 3)
        #expect(schema["schema"]?["condition"]?["field"]?.string == "format")
        #expect(schema["schema"]?["condition"]?["value"]?.integer == 3)
        #expect(schema["ca"]?["type"]?.string == "file")
        #expect(schema["ca"]?["condition"]?["regex"]?.string == "wss:")
        #expect(schema["upload_drv_state_interval"]?["condition"]?["field"]?.string == "upload_drv_state")
        #expect(schema["upload_drv_state_interval"]?["condition"]?["value"]?.boolean == true)
        #expect(schema["url"]?["attribute"]?.string == "required")
        #expect(schema["reconnect-min"]?["name"]?.string == "Reconnect after, at least (s)")
        #expect(schema["reconnect-min"]?["valid"]?["min"]?.integer == 1)
        #expect(schema["reconnect-min"]?["condition"]?["field"]?.string == "advanced")
        #expect(schema["user-timeout"] == nil)
        #expect(schema["reconnect-min"]?["default"]?.number == 1)
        #expect(schema["ping-interval"]?["default"]?.integer == 20)
        #expect(schema["port"] == nil)
    }

    /// What the form sends when a user fills in the URL alone: every default, and "" where there is none.
    @Test func theFormsDefaultsAreTakenBack() throws {
        var json = "{\"params\":{\"url\":\"ws://h\""
        try schema().forEachMember { key, member in
            if let standard = member["default"] {
                json += ",\"\(key)\":" + String(decoding: standard.encoded(flags: 0), as: UTF8.self)
            }
            return true
        }
        let settings = try NodeSettings.parse(json: json + "}}")
        #expect(settings.connectionEquals(try NodeSettings.parse(json: #"{"url":"ws://h"}"#)))
    }
}
