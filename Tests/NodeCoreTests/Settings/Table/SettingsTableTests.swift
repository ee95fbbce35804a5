// SPDX-License-Identifier: Apache-2.0
import NodeCore
import Testing

@Suite struct SettingsTableTests {
    @Test func everyKeyStandsInTheTableOnce() {
        for key in SettingKey.allCases {
            #expect(SettingsTable.descriptors.count { $0.key == key } == 1, "\(key)")
        }
        #expect(SettingsTable.descriptors.count == SettingKey.allCases.count)
    }

    @Test func everyKeyHasNamesAndDescriptionsInBothLanguages() {
        for descriptor in SettingsTable.descriptors {
            for text in [descriptor.name, descriptor.description] {
                #expect(!text.english.isEmpty && !text.chinese.isEmpty, "\(descriptor.key)")
            }
            #expect(descriptor.description.english.hasSuffix("."), "\(descriptor.key)")
            #expect(descriptor.description.chinese.hasSuffix("。"), "\(descriptor.key)")
        }
    }

    @Test func theManualsTableHasALineForEachKey() {
        let lines = SettingsTable.markdownTable().split(separator: "\n")
        #expect(lines.count == SettingKey.allCases.count + 2)
        #expect(lines[0] == "| key | takes | default | meaning |")
        #expect(
            lines.contains(
                "| `reconnect-min` | a number of seconds from 0.01 to 3600 | 1 s | The bound of the random wait "
                    + "before the first new attempt; it doubles with each that fails. |"))
        #expect(lines.contains { $0.hasPrefix("| `format` | one of ") && $0.contains("| `values-format` |") })
    }
}
