// SPDX-License-Identifier: Apache-2.0
/// Where to connect, the same for every command that does: its words on the line.
enum ConnectionOptions {
    static let title = "Where to connect (what stands on the line goes before the file):"

    static let url = Positional(name: "URL", help: "ws://host[:port][/path] or wss://…")

    static let all = [
        ArgumentOption(name: "--url", value: "URL", help: "the same"),
        ArgumentOption(
            name: "--settings", value: "FILE", help: "a JSON file with a node's settings; - is standard input"),
        ArgumentOption(
            name: "--oda", value: "DIR|FILE",
            help: "OpenGate's own agent's files: its directory, or its connector's .cfg alone"),
        ArgumentOption(
            name: "--set", value: "KEY=VALUE", help: "one setting, a text, a number or JSON; may be repeated"),
        ArgumentOption(name: "--ca", value: "FILE", help: "the certificates that may have signed the server's"),
        ArgumentOption(name: "--cert", value: "FILE", help: "our certificate, where the server asks for one"),
        ArgumentOption(name: "--key", value: "FILE", help: "its key"),
        ArgumentOption(name: "--header", value: "'NAME: VALUE'", help: "a header of the handshake; may be repeated"),
        ArgumentOption(name: "--token", value: "TOKEN", help: "Bearer authentication at the handshake"),
        ArgumentOption(name: "--user", value: "NAME:PASSWORD", help: "Basic authentication at the handshake"),
        ArgumentOption(
            name: "--subprotocol", value: "NAME",
            help: "a subprotocol to offer, the preferred one first; may be repeated"),
        ArgumentOption(name: "--insecure", value: nil, help: "do not check the server's certificate"),
    ]

    /// Which setting an option stands for, where it takes a text as it is.
    static let texts = ["--url": "url", "--ca": "ca", "--cert": "cert", "--key": "key", "--token": "token"]

    static let names = Set(all.map { $0.name })
}
