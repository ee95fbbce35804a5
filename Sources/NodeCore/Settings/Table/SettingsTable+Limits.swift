// SPDX-License-Identifier: Apache-2.0
extension SettingsTable {
    static let timing: [SettingDescriptor] = [
        SettingDescriptor(
            .connectTimeout, .seconds(from: 100, to: 600_000), .value(.milliseconds(30_000)), unit: "s",
            reconnects: false,
            BilingualText("Connect timeout", "连接超时"),
            BilingualText(
                "One deadline for address, TCP, TLS and handshake together.", "域名解析、TCP、TLS 与握手的总时限。")),
        SettingDescriptor(
            .pingInterval, aliases: ["keep-alive-interval"], .seconds(from: 0, to: 3_600_000),
            .value(.milliseconds(20_000)), unit: "s", reconnects: false,
            BilingualText("Ping interval", "心跳间隔"),
            BilingualText(
                "A Ping is sent after so long without one; 0: never. Also called keep-alive-interval.",
                "发送 Ping 的间隔；0 表示不发送。也可写作 keep-alive-interval。")),
        SettingDescriptor(
            .pingTimeout, .seconds(from: 100, to: 3_600_000), .value(.milliseconds(10_000)), unit: "s",
            reconnects: false,
            BilingualText("Ping timeout", "心跳超时"),
            BilingualText(
                "The connection counts as dead when for so long after a Ping nothing came and nothing sent was taken.",
                "发送 Ping 后，在该时间内既没有收到任何数据，也没有数据被对方接收，则认为连接已断开。")),
        SettingDescriptor(
            .userTimeout, .seconds(from: 100, to: 86_400_000, orZero: true), unit: "s", shown: .never,
            reconnects: false,
            BilingualText("TCP user timeout", "TCP 用户超时"),
            BilingualText(
                "The connection counts as dead when sent bytes have not been acknowledged for so long "
                    + "(TCP_USER_TIMEOUT); 0: the system's default; if absent the pings see to it, which spare a "
                    + "server that reads slowly.",
                "已发送数据在该时间内未被确认，则认为连接已断开（TCP_USER_TIMEOUT）；0 表示系统默认值；"
                    + "不填则由心跳判断，不会断开读取较慢的服务器。")),
        SettingDescriptor(
            .reconnectMin, .seconds(from: 10, to: 3_600_000), .value(.milliseconds(1_000)), unit: "s",
            reconnects: false,
            BilingualText("Reconnect after, at least", "重连间隔下限"),
            BilingualText(
                "The bound of the random wait before the first new attempt; it doubles with each that fails.",
                "首次重连前随机等待的上限，每次失败后加倍。")),
        SettingDescriptor(
            .reconnectMax, .seconds(from: 10, to: 86_400_000), .value(.milliseconds(10_000)), unit: "s",
            reconnects: false,
            BilingualText("Reconnect after, at most", "重连间隔上限"),
            BilingualText(
                "What that bound grows to, six times that where credentials are refused; not below reconnect-min.",
                "该上限的最大值，凭据被拒绝时为其六倍；不小于 reconnect-min。")),
        SettingDescriptor(
            .closeTimeout, .seconds(from: 100, to: 600_000), .value(.milliseconds(5_000)), unit: "s",
            reconnects: false,
            BilingualText("Close timeout", "关闭超时"),
            BilingualText(
                "How long the server's answer to a Close frame is waited for.", "等待服务器应答 Close 帧的时间。")),
        SettingDescriptor(
            .heartbeat, .heartbeat, reconnects: false,
            BilingualText("Heartbeat", "应用心跳"),
            BilingualText(
                "A message that is sent at intervals while connected; in it ${timestamp} is the time in ms and ${tai} "
                    + "the TAI time of NMOS. With expect any message, with match-member the one that has it, must "
                    + "answer within the timeout, or the connection ends.",
                "连接期间按间隔发送的消息；其中 ${timestamp} 为毫秒时间，${tai} 为 NMOS 的 TAI 时间。设置 expect 时任意消息、"
                    + "设置 match-member 时含该成员的消息须在超时内应答，否则断开连接。")),
        SettingDescriptor(
            .requestTimeout, .seconds(from: 1000, to: 3_600_000), .value(.milliseconds(30_000)), unit: "s",
            reconnects: false,
            BilingualText("Request timeout", "请求超时"),
            BilingualText(
                "A request from the server that the host has not answered for so long is answered with error 3015.",
                "服务器的请求在该时间内未得到宿主程序应答，则以错误码 3015 应答。")),
    ]

    private static let sizeMin: Int64 = 125
    private static let sizeMax: Int64 = 1 << 30

    static let limits: [SettingDescriptor] = [
        SettingDescriptor(
            .maxMessageSize, .integer(from: sizeMin, to: sizeMax), .value(.integer(16 << 20)), unit: "bytes",
            reconnects: true,
            BilingualText("Message size at most", "接收消息大小上限"),
            BilingualText("Of messages that come in; a larger one ends the connection.", "接收消息的大小；超过则断开连接。")),
        SettingDescriptor(
            .maxFrameSize, .integer(from: sizeMin, to: sizeMax), .value(.integer(16 << 20)), unit: "bytes",
            reconnects: true,
            BilingualText("Frame size at most", "接收帧大小上限"),
            BilingualText("Of frames that come in; a larger one ends the connection.", "接收帧的大小；超过则断开连接。")),
        SettingDescriptor(
            .fragmentSize, .integer(from: sizeMin, to: sizeMax, orZero: true), .value(.integer(0)), unit: "bytes",
            reconnects: false,
            BilingualText("Fragment size", "分片大小"),
            BilingualText(
                "Messages that go out are cut into frames of this size; 0: one frame for each.",
                "发送的消息按该大小切分为多个帧；0 表示每条消息一个帧。")),
        SettingDescriptor(
            .delivery,
            .choice([
                SettingChoice("best-effort", 0), SettingChoice("peer-parsed", 1), SettingChoice("app-acked", 2),
            ]),
            .value(.integer(0)), reconnects: true,
            BilingualText("Delivered means", "送达的含义"),
            BilingualText(
                "`best-effort`: the kernel took the message. `peer-parsed`: the server's WebSocket layer has read it, "
                    + "told by Pings. `app-acked`: the server's application says so, by ack-member. What is not "
                    + "confirmed when a connection ends is sent again.",
                "`best-effort`：内核已接收该消息。`peer-parsed`：由 Ping 确认服务器的 WebSocket 层已读取。"
                    + "`app-acked`：由服务器的应用程序确认，见 ack-member。断开时未确认的消息会重新发送。")),
        SettingDescriptor(
            .ackMember, .text(bytesMax: AcknowledgementReader.memberBytesMax), reconnects: false,
            BilingualText("Acknowledgements are in", "确认成员"),
            BilingualText(
                "With delivery app-acked: the member of the server's acknowledgements, ack if absent: {\"ack\":17} for "
                    + "message 17 and all before it, {\"ack\":[17,19]} for these alone.",
                "delivery 为 app-acked 时：服务器确认消息中的成员名，默认 ack：{\"ack\":17} 确认 17 号及之前的所有消息，"
                    + "{\"ack\":[17,19]} 只确认这些消息。")),
        SettingDescriptor(
            .sequence, .boolean, .value(.boolean(false)), reconnects: false,
            BilingualText("Number messages", "消息编号"),
            BilingualText(
                "Each message begins with its number and stream, {\"seq\":17,\"stream\":\"…\",…; one that may have "
                    + "arrived before, with {\"resent\":true,…. With delivery app-acked always.",
                "每条消息以编号和流标识开头，{\"seq\":17,\"stream\":\"…\",…；可能已送达过的消息以 {\"resent\":true,… 开头。"
                    + "delivery 为 app-acked 时总是编号。")),
        SettingDescriptor(
            .queueMaxBytes, .integer(from: 64 << 10, to: 16 << 30), .value(.integer(16 << 20)), unit: "bytes",
            reconnects: false,
            BilingualText("Queue size at most", "队列大小上限"),
            BilingualText(
                "Memory for messages that wait to be sent or confirmed; past it a push is refused.",
                "等待发送或确认的消息占用的内存；超过则拒绝新的消息。")),
        SettingDescriptor(
            .queueMaxMessages, .integer(from: 1, to: 100_000_000), .value(.integer(262_144)), reconnects: false,
            BilingualText("Messages in the queue at most", "队列消息数上限"),
            BilingualText(
                "Messages that wait to be sent or confirmed; past it a push is refused.",
                "等待发送或确认的消息数量；超过则拒绝新的消息。")),
        SettingDescriptor(
            .requestsMaxBytes, .integer(from: 64 << 10, to: 1 << 30), .value(.integer(16 << 20)), unit: "bytes",
            reconnects: false,
            BilingualText("Memory for requests at most", "请求内存上限"),
            BilingualText(
                "Memory for requests from the server that the host has not answered; past it they are answered with "
                    + "error 1010.",
                "宿主程序尚未应答的服务器请求占用的内存；超过则以错误码 1010 应答。")),
    ]
}
