// SPDX-License-Identifier: Apache-2.0
extension SettingsTable {
    static let cache: [SettingDescriptor] = [
        SettingDescriptor(
            .offlineCache, .boolean, .value(.boolean(false)), shown: .always, reconnects: false,
            BilingualText("Offline cache", "离线缓存"),
            BilingualText(
                "Messages that cannot be delivered in time are kept, on disk too, beyond the end of the process.",
                "无法及时送达的消息会被保存（也可保存到磁盘），进程结束后仍然保留。")),
        SettingDescriptor(
            .cacheMemorySize, .integer(from: 1, to: 16_384, orZero: true), .value(.integer(0)), unit: "MB",
            shown: .forCache, reconnects: false,
            BilingualText("Cache memory size", "缓存内存大小"),
            BilingualText(
                "Memory for messages, in the place of queue-max-bytes, 1 MB being 1,048,576 bytes; 0: as that says.",
                "消息占用的内存，代替 queue-max-bytes；1 MB 为 1,048,576 字节；0 表示按后者。")),
        SettingDescriptor(
            .cacheDiskSize, .integer(from: 0, to: 10_485_760), .value(.integer(100)), unit: "MB", shown: .forCache,
            reconnects: false,
            BilingualText("Cache disk size", "缓存磁盘大小"),
            BilingualText("Room for messages on disk; 0: they are kept in memory only.", "消息占用的磁盘空间；0 表示只保存在内存中。")),
        SettingDescriptor(
            .cacheSyncInterval, .integer(from: 0, to: 120_000), .value(.integer(0)), unit: "ms", shown: .forCache,
            reconnects: false,
            BilingualText("Cache sync interval", "缓存消息重传间隔"),
            BilingualText(
                "Between two messages that come from disk; 0: as fast as they go. What is newer waits behind them, but "
                    + "for `resend-priority` `live-first`.",
                "从磁盘重传两条消息的间隔；0 表示尽快发送。较新的消息在其后等待，除非 `resend-priority` 为 `live-first`。")),
        SettingDescriptor(
            .resendPriority, .choice([SettingChoice("oldest-first", 0), SettingChoice("live-first", 1)]),
            .value(.integer(0)), shown: .forCache, reconnects: false,
            BilingualText("After a reconnection", "重新连接后"),
            BilingualText(
                "`oldest-first`: what waited goes out first, all in the order of the pushes. `live-first`: what is "
                    + "pushed while connected goes out at once, and what waited takes what is left of the line, also "
                    + "without a cache.",
                "`oldest-first`：先发送等待的消息，保持提交顺序。`live-first`：连接期间提交的消息立即发送，等待的消息使用剩余带宽；"
                    + "未启用缓存时同样有效。")),
        SettingDescriptor(
            .cachePolicy,
            .choice([
                SettingChoice("drop-oldest", 0), SettingChoice("drop-newest", 1), SettingChoice("latest-per-group", 2),
            ]),
            .value(.integer(0)), shown: .forCache, reconnects: false,
            BilingualText("When the cache is full", "缓存已满时"),
            BilingualText(
                "`drop-oldest`: the oldest messages that are not on their way make room. `drop-newest`: what finds no "
                    + "room on disk waits in memory, and when that is full a push is refused. `latest-per-group`: "
                    + "first those go that are not the newest of their group, by the time of the data.",
                "`drop-oldest`：丢弃尚未发送的最旧消息。`drop-newest`：磁盘已满时新消息在内存中等待，内存也满时拒绝新的消息。"
                    + "`latest-per-group`：先丢弃组内（按数据时间）不是最新的消息。")),
        SettingDescriptor(
            .cacheTimeToLive, .seconds(from: 1000, to: 3_153_600_000_000, orZero: true), .value(.milliseconds(0)),
            unit: "s", shown: .forCache, reconnects: false,
            BilingualText("Messages expire after", "消息过期时间"),
            BilingualText(
                "How long a message may wait, by a clock that nobody sets; 0: for ever.",
                "消息最长等待时间（不受系统时间调整影响）；0 表示永不过期。")),
        SettingDescriptor(
            .durability, .choice([SettingChoice("power-loss", 0), SettingChoice("crash", 1)]), .value(.integer(0)),
            shown: .forCache, reconnects: false,
            BilingualText("What is stored survives", "已保存的消息可承受"),
            BilingualText(
                "`power-loss`: the disk has been told to keep it (fdatasync). `crash`: the kernel has it, which "
                    + "survives the end of the process but not of the machine.",
                "`power-loss`：已同步到磁盘（fdatasync）。`crash`：已交给内核，进程崩溃后仍在，断电则可能丢失。")),
        SettingDescriptor(
            .syncInterval, .seconds(from: 0, to: 3_600_000), .value(.milliseconds(1_000)), unit: "s",
            shown: .forCache, reconnects: false,
            BilingualText("Store after", "保存延迟"),
            BilingualText(
                "A message that has no outcome so long after its push goes to disk; flash wears by the number of "
                    + "writes.",
                "消息提交后经过该时间仍未确认，则写入磁盘；写入次数影响闪存寿命。")),
        SettingDescriptor(
            .dataDirectory, .text(bytesMax: 3072), shown: .forCache, reconnects: false,
            BilingualText("Data directory", "数据目录"),
            BilingualText(
                "Where the cache lies, a file for each node's name; it is made if only its last part is missing. While "
                    + "the cache is open it cannot be changed.",
                "缓存所在目录，每个节点一个文件；若仅最后一级目录不存在则自动创建。缓存打开期间不能更改。")),
    ]
}
