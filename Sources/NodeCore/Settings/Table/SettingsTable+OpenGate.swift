// SPDX-License-Identifier: Apache-2.0
extension SettingsTable {
    static let openGate: [SettingDescriptor] = [
        SettingDescriptor(
            .deviceID, .text(bytesMax: 255), shown: .forOpenGate, reconnects: true,
            BilingualText("Device id", "设备标识"),
            BilingualText(
                "OpenGate: the gateway's id on the platform. It is put behind the path of the URL.",
                "OpenGate：网关在平台上的标识，附加在 URL 路径之后。")),
        SettingDescriptor(
            .apiKey, .text(bytesMax: 1024), shown: .forOpenGate, secret: true, reconnects: true,
            BilingualText("API key", "API 密钥"),
            BilingualText("OpenGate: the key that goes with the id.", "OpenGate：与设备标识对应的密钥。")),
        SettingDescriptor(
            .apiKeyIn, .choice([SettingChoice("query", 0), SettingChoice("header", 1)]), .value(.integer(0)),
            shown: .forOpenGate, reconnects: true,
            BilingualText("API key in", "API 密钥位置"),
            BilingualText(
                "OpenGate: the key goes as X-ApiKey in the URL's query, or as a header of that name.",
                "OpenGate：密钥以 X-ApiKey 放在 URL 查询中，或放在同名请求头中。")),
        SettingDescriptor(
            .reduced, .boolean, .value(.boolean(false)), shown: .forOpenGate, reconnects: false,
            BilingualText("Reduced output", "精简输出"),
            BilingualText(
                "OpenGate: true leaves out path and at of every device, and device of the gateway itself.",
                "OpenGate：true 时省略所有设备的 path 与 at，以及网关自身的 device。")),
        SettingDescriptor(
            .openGatePublish, .times(countMax: 10_000, from: 100, to: 604_800_000), shown: .forOpenGate,
            reconnects: false,
            BilingualText("Publishing times", "发布间隔"),
            BilingualText(
                "OpenGate: an object of datastreams, or * for all others, to seconds: their values are gathered and "
                    + "published together so often; 0: at once, as all that is not named.",
                "OpenGate：一个对象，将数据流（或以 * 表示其余全部）映射到秒数：其值按该间隔汇总后一起发布；0 表示立即发布，"
                    + "未列出的数据流同样立即发布。")),
    ]
}
