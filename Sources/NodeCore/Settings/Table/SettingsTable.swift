// SPDX-License-Identifier: Apache-2.0
/// The settings: the one table from which parsing, error texts, the gateway's form and the manual's table come.
public enum SettingsTable {
    /// In the order of the form and of the manual.
    public static let descriptors: [SettingDescriptor] =
        server + messages + openGate + handshake + redirection + security + trust + timing + limits + cache
        + compression + network

    /// Where in `descriptors` the setting of this name or alias stands; nil if there is none.
    static func index(named name: String) -> Int? { descriptors.firstIndex { $0.isNamed(name) } }

    /// The known name that differs from `name` by at most two edits, the nearest first; nil if there is none.
    static func nearestName(to name: String) -> String? {
        var nearest: String?
        var least = 3
        for descriptor in descriptors {
            for candidate in [descriptor.key.rawValue] + descriptor.aliases {
                let distance = EditDistance.between(name, candidate, atMost: 2)
                // A name of two letters is two edits from every other.
                if distance < least && distance < candidate.utf8.count {
                    nearest = candidate
                    least = distance
                }
            }
        }
        return nearest
    }

    private static let server: [SettingDescriptor] = [
        SettingDescriptor(
            .url, .urls(countMax: 16, bytesMax: 8192), shown: .always, required: true, secret: true, reconnects: true,
            BilingualText("URL", "URL"),
            BilingualText(
                "The server, ws://host[:port][/path][?query], wss://… or ws+unix:///socket[:/path], or several with "
                    + "spaces or commas between, tried in order from the one that worked last. In an array one may be "
                    + "an object with credentials of its own: "
                    + "{\"url\":…,\"username\":…,\"password\":…}, token or headers.",
                "服务器地址，ws://主机[:端口][/路径][?查询]、wss://… 或 ws+unix:///套接字[:/路径]，也可以填写多个（以空格或逗号分隔），"
                    + "从上次成功的地址开始依次尝试。数组中的元素也可以是带有自己凭据的对象："
                    + "{\"url\":…,\"username\":…,\"password\":…}、token 或 headers。")),
        SettingDescriptor(
            .host, .text(bytesMax: 255), shown: .never, reconnects: true,
            BilingualText("Host", "主机"),
            BilingualText("Instead of url: the server's name or address.", "代替 url：服务器的名称或地址。")),
        SettingDescriptor(
            .port, .integer(from: 1, to: 65535), shown: .never, reconnects: true,
            BilingualText("Port", "端口"),
            BilingualText("With host: its port; 80, or 443 with tls.", "与 host 一起使用：端口；默认 80，启用 tls 时 443。")),
        SettingDescriptor(
            .tls, .boolean, .value(.boolean(false)), shown: .never, reconnects: true,
            BilingualText("TLS", "TLS"),
            BilingualText("With host: wss:// instead of ws://.", "与 host 一起使用：使用 wss:// 代替 ws://。")),
        SettingDescriptor(
            .path, .text(bytesMax: 4096), .value(.text("/")), shown: .never, secret: true, reconnects: true,
            BilingualText("Path", "路径"),
            BilingualText("With host: the path, with a query if need be.", "与 host 一起使用：路径，可带查询。")),
    ]

    private static let messages: [SettingDescriptor] = [
        SettingDescriptor(
            .format,
            .choice([
                SettingChoice("values-format", 0), SettingChoice("tags-format", 1), SettingChoice("ECP-format", 2),
                SettingChoice("custom", 3), SettingChoice("opengate", 5),
            ]), .value(.integer(0)), shown: .always, required: true, reconnects: false,
            BilingualText("Upload format", "上报数据格式"),
            BilingualText(
                "The form of the messages: values and errors as two objects, tags as one array, ECP's array with type "
                    + "numbers, a template of your own, or OpenGate's datastreams.",
                "消息的形式：values 与 errors 两个对象、一个 tags 数组、带类型编号的 ECP 数组、自定义模板，或 OpenGate 数据流。")),
        SettingDescriptor(
            .schema, .template(bytesMax: 1 << 20), shown: .forCustomFormat, reconnects: false,
            BilingualText("Template", "模板"),
            BilingualText(
                "The template of the custom format: JSON with ${timestamp}, ${node}, ${group}, ${tags}, ${tag_values}, "
                    + "${tag_errors}, ${tag_error_values}, ${static_tags} or ${static_tag_values} as texts.",
                "自定义格式的模板：JSON，其文本中可使用 ${timestamp}、${node}、${group}、${tags}、${tag_values}、"
                    + "${tag_errors}、${tag_error_values}、${static_tags}、${static_tag_values}。")),
        SettingDescriptor(
            .uploadErrors, .boolean, .value(.boolean(true)), shown: .always, reconnects: false,
            BilingualText("Upload tag error codes", "上报点位错误码"),
            BilingualText(
                "A tag that could not be read is reported with its error code; false leaves it out.",
                "点位采集失败时上报其错误码；false 则不上报该点位。")),
        SettingDescriptor(
            .staticTags, .staticTags(bytesMax: 1 << 20), reconnects: false,
            BilingualText("Static tags", "静态点位"),
            BilingualText(
                "An object whose members are added to each message of all groups.", "一个对象，其成员会加入所有组的每条消息。")),
        SettingDescriptor(
            .uploadDriverStates, .boolean, .value(.boolean(false)), reconnects: false,
            BilingualText("Upload driver states", "上报驱动状态"),
            BilingualText(
                "The host reports at intervals how the drivers stand.", "按间隔上报南向驱动的状态。")),
        SettingDescriptor(
            .driverStatesInterval, .integer(from: 1, to: 3600), .value(.integer(1)), unit: "s",
            shown: .forDriverStates, reconnects: false,
            BilingualText("Interval of driver states", "驱动状态上报间隔"),
            BilingualText(
                "Between two such reports; the host keeps it.", "两次上报之间的间隔，由宿主程序执行。")),
        SettingDescriptor(
            .allowRequests, .choice([SettingChoice("none", 0), SettingChoice("read", 1), SettingChoice("all", 2)]),
            .value(.integer(1)), shown: .always, reconnects: false,
            BilingualText("Requests from the server", "服务器请求"),
            BilingualText(
                "What the server may ask of the devices: nothing, reads, or writes and actions too. What is refused is "
                    + "answered with error 1022.",
                "允许服务器对设备执行的请求：不允许、仅读取，或同时允许写入与动作；被拒绝的请求以错误码 1022 应答。")),
        SettingDescriptor(
            .messageType, .choice([SettingChoice("text", 1), SettingChoice("binary", 2)]), .value(.integer(1)),
            reconnects: false,
            BilingualText("Message type", "消息类型"),
            BilingualText(
                "The WebSocket type of what is sent; both are taken from the server.",
                "发送消息的 WebSocket 类型；接收时两种类型都支持。")),
    ]
}
