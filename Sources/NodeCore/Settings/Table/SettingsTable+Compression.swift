// SPDX-License-Identifier: Apache-2.0
extension SettingsTable {
    static let compression: [SettingDescriptor] = [
        SettingDescriptor(
            .compression, .choice([SettingChoice("off", 0), SettingChoice("on", 1)]), .value(.integer(0)),
            reconnects: true,
            BilingualText("Compression", "压缩"),
            BilingualText(
                "Offers permessage-deflate (RFC 7692) to the server; one that declines it gets plain messages.",
                "向服务器提供 permessage-deflate（RFC 7692）压缩；服务器不支持时发送未压缩的消息。")),
        SettingDescriptor(
            .windowBits, .integer(from: 9, to: 15), .value(.integer(15)), shown: .forCompression, reconnects: true,
            BilingualText("Compression window", "压缩窗口"),
            BilingualText(
                "How far back compression looks, in both directions, as a power of two of bytes.",
                "双向压缩回溯的范围，以字节数的 2 的幂表示。")),
        SettingDescriptor(
            .memoryLevel, .integer(from: 1, to: 9), .value(.integer(5)), shown: .forCompression, reconnects: true,
            BilingualText("Compression memory level", "压缩内存级别"),
            BilingualText(
                "zlib's memLevel: 1 takes the least memory, 9 the most.", "zlib 的 memLevel：1 占用内存最少，9 最多。")),
        SettingDescriptor(
            .contextTakeover, .boolean, .value(.boolean(true)), shown: .forCompression, reconnects: true,
            BilingualText("Compression across messages", "跨消息压缩"),
            BilingualText(
                "Messages may refer to those before them: much smaller, but memory is held between them.",
                "消息可引用之前的消息：压缩率更高，但连接期间占用内存。")),
        SettingDescriptor(
            .compressThreshold, .integer(from: 0, to: 1 << 30), .value(.integer(64)), unit: "bytes",
            shown: .forCompression, reconnects: false,
            BilingualText("Compress from", "压缩阈值"),
            BilingualText("Shorter messages are sent as they are.", "小于该大小的消息不压缩。")),
    ]
}
