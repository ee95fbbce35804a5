// SPDX-License-Identifier: Apache-2.0
extension SettingsParser {
    /// Each 0 or in the range, which is in milliseconds.
    mutating func readTimes(
        _ object: JSONValue, _ countMax: Int, _ range: ClosedRange<Int64>, _ descriptor: SettingDescriptor
    ) -> SettingValue? {
        if object.count > countMax {
            refuse(descriptor.key, "has \(object.count) members; it takes at most \(countMax)")
            return nil
        }
        var times: [NamedTime] = []
        var isRefused = false
        object.forEachMember { name, value in
            guard let seconds = value.number, let milliseconds = Self.milliseconds(seconds),
                milliseconds == 0 || range.contains(milliseconds)
            else {
                refuse(
                    descriptor.key,
                    "at \"\(Self.shown(name))\" is \(value.kindName); it takes 0 or a number of seconds from "
                        + "\(SettingKind.seconds(range.lowerBound)) to \(SettingKind.seconds(range.upperBound))")
                isRefused = true
                return false
            }
            times.append(NamedTime(name: name, milliseconds: milliseconds))
            return true
        }
        return isRefused || times.isEmpty ? nil : .times(times)
    }
}
