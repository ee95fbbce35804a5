// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import LoopbackServer

/// `neuron-ws demo`: everything at work on one machine, within seconds.
enum DemoCommand {
    static let syntax = CommandSyntax(
        name: "demo",
        summary: "two devices, four formats, servers that die and come back, a sender that is killed: see it work",
        options: [
            ArgumentOption(name: "--web", value: nil, help: "instead, a plant that lives on, and a page to watch it"),
            ArgumentOption(name: "--port", value: "N", help: "with --web: where to listen; 0: any free port (0)"),
            ArgumentOption(name: "--count", value: "N", help: "with --web: end when so many messages have arrived"),
            ArgumentOption(
                name: "--timeout", value: "SECONDS",
                help: "with --web: end after so long; before --count, that is a failure"),
        ],
        notes: [
            "Nothing leaves this machine: the servers listen on loopback, with certificates made on the spot.",
            "--web goes on until Ctrl-C; its gateways answer what the page asks.",
            "Exit status 0 says that every message that should have arrived did, once and in order, and behind a kill",
            "at least once, marked where it came again.",
        ])

    static func run(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        let port = try arguments.integer("--port", in: 0...65_535)
        let count = try arguments.integer("--count", in: 1...Int.max)
        let timeout = try arguments.milliseconds("--timeout", upTo: 31_536_000)
        if arguments.has("--web") {
            return DemoWeb.run(port: UInt16(port ?? 0), count: count, timeoutMilliseconds: timeout)
        }
        if let option = ["--port", "--count", "--timeout"].first(where: { arguments.has($0) }) {
            throw UsageError(text: "demo takes \(option) with --web alone; without it it ends by itself")
        }
        return play()
    }

    private static func play() -> ExitStatus {
        let start = Clock.nanoseconds()
        do throws(DemoFailure) {
            let demo = try Demo.prepare()
            defer { demo.stop() }
            let status = try demo.play()
            let tenths = (Clock.nanoseconds() - start) / 100_000_000
            Output.standard.writeLine(Terminal.styled(.faint, "\nThat took \(tenths / 10).\(tenths % 10) s."))
            return status
        } catch {
            Output.standard.writeLine(
                "\n" + Terminal.styled(.red, "The demo failed: ") + Terminal.printable(error.text))
            return .failed
        }
    }
}

/// Why the demo cannot go on; for people.
struct DemoFailure: Error {
    let text: String
}

private final class Demo {
    /// Before the servers die, while they are away, and after they have come back.
    private static let readings = (before: 40, during: 25, after: 15)
    private static let readingMilliseconds = 40
    private static let waitMilliseconds = 4000
    private static let columns = 100

    private let servers: [LoopbackWebSocketServer]
    private let channels: [DemoChannel]
    private let devices = [DemoDevice.press(), DemoDevice.oven()]

    private init(servers: [LoopbackWebSocketServer], channels: [DemoChannel]) {
        self.servers = servers
        self.channels = channels
    }

    // MARK: The stage

    private static let template =
        "{\"site\":\"demo\",\"node\":\"${node}\",\"where\":\"${node}/${group}\",\"at\":\"${timestamp}\","
        + "\"values\":\"${tag_values}\",\"errors\":\"${tag_error_values}\"}"

    static func prepare() throws(DemoFailure) -> Demo {
        let plain: LoopbackWebSocketServer
        let secure: LoopbackWebSocketServer
        let authority: CertificateAuthority
        do throws(CertificateError) { authority = try CertificateAuthority.make(commonName: "neuron-ws demo CA") } catch
        {
            throw DemoFailure(text: error.message)
        }
        let issued: (certificatePEM: String, keyPEM: String)
        do throws(CertificateError) { issued = try authority.issue(names: ["localhost", "127.0.0.1", "::1"]) } catch {
            throw DemoFailure(text: error.message)
        }
        do throws(ServerError) {
            plain = try LoopbackWebSocketServer.start(ServerConfiguration())
            var configuration = ServerConfiguration()
            configuration.certificatePEM = issued.certificatePEM
            configuration.keyPEM = issued.keyPEM
            secure = try LoopbackWebSocketServer.start(configuration)
        } catch {
            throw DemoFailure(text: "no server could be started: \(error.message)")
        }
        let trust = ",\"ca\":\(JSONText.quoted(authority.certificatePEM))"
        let channels = [
            try channel("values", "values-format", plain, ",\"format\":0"),
            try channel("tags", "tags-format", secure, ",\"format\":1" + trust),
            try channel("ecp", "ECP-format", plain, ",\"format\":2"),
            try channel("custom", "custom format", secure, ",\"format\":3,\"schema\":\(template)" + trust),
        ]
        return Demo(servers: [plain, secure], channels: channels)
    }

    private static func channel(
        _ name: String, _ title: String, _ server: LoopbackWebSocketServer, _ more: String
    ) throws(DemoFailure) -> DemoChannel {
        let url = JSONText.quoted("\(server.url)/\(name)")
        let settings = "{\"url\":\(url),\"reconnect-min\":0.2,\"reconnect-max\":0.5\(more)}"
        do throws(LibraryError) {
            let node = try Node.create(name: "demo-\(name)", settings: settings)
            try node.subscribe(driver: "press", group: "fast")
            try node.subscribe(driver: "oven", group: "*")
            return DemoChannel(name: name, title: title, server: server, node: node)
        } catch {
            throw DemoFailure(text: error.text)
        }
    }

    func stop() {
        for channel in channels { channel.node.stop(timeoutMilliseconds: 500) }
        for server in servers { server.stop() }
    }

    // MARK: The play

    func play() throws(DemoFailure) -> ExitStatus {
        say(Terminal.styled(.bold, "neuron-ws \(Library.version)") + ": tags of devices to WebSocket servers, as JSON")
        heading("Two servers on loopback, four nodes, one for each format")
        try open()
        for channel in channels { introduce(channel) }
        heading("Two devices, a press and an oven: \(Self.readings.before) readings each, errors among them")
        try read(Self.readings.before)
        try quiesce()
        for channel in channels { try show(channel) }
        heading("The servers are killed; the devices go on")
        for server in servers {
            server.stopListening()
            server.killAllConnections()
        }
        try read(Self.readings.during)
        try tellOutage()
        heading("The servers are back on the same ports")
        try comeBack()
        try read(Self.readings.after)
        try quiesce()
        for channel in channels { channel.node.stop(timeoutMilliseconds: 2000) }
        let status = conclude()
        heading("A sender with its cache on disk is killed with SIGKILL, twice")
        var kill = try DemoKill(server: servers[0])
        for line in try kill.play() { for each in Self.wrapped(line) { say("  " + each) } }
        say("\n" + Terminal.styled(.green, "Nothing that was stored is lost."))
        return status
    }

    private func open() throws(DemoFailure) {
        do throws(LibraryError) {
            for channel in channels { try channel.node.start() }
        } catch {
            throw DemoFailure(text: error.text)
        }
        try waitUntilOpen()
    }

    private func waitUntilOpen() throws(DemoFailure) {
        for channel in channels {
            guard Clock.wait(milliseconds: Self.waitMilliseconds, until: { channel.node.state.isOpen }) else {
                throw DemoFailure(text: "\(channel.name) does not connect: \(channel.node.state.message)")
            }
        }
    }

    private func read(_ count: Int) throws(DemoFailure) {
        for _ in 0..<count {
            for device in devices {
                device.read()
                for channel in channels {
                    if let why = channel.push(device) { throw DemoFailure(text: "\(channel.name): \(why)") }
                }
            }
            Clock.sleep(milliseconds: Self.readingMilliseconds)
        }
    }

    /// All that was pushed has to be with the servers, so that killing them loses nothing that was only on its way.
    private func quiesce() throws(DemoFailure) {
        for channel in channels {
            let status = channel.node.flush(timeoutMilliseconds: UInt32(Self.waitMilliseconds))
            guard status == .NEURON_WS_OK else {
                throw DemoFailure(text: "\(channel.name) cannot send what is queued: \(LibraryError(status).text)")
            }
        }
        for server in servers {
            let expected = channels.filter { $0.server === server }.reduce(0) { $0 + $1.pushed.count }
            guard server.waitForMessages(expected, timeoutMilliseconds: Self.waitMilliseconds) else {
                throw DemoFailure(text: "\(server.url) got \(server.messageCount) of \(expected) messages")
            }
        }
    }

    private func comeBack() throws(DemoFailure) {
        let start = Clock.nanoseconds()
        for server in servers {
            do throws(ServerError) { try server.startListening() } catch { throw DemoFailure(text: error.message) }
        }
        try waitUntilOpen()
        let milliseconds = (Clock.nanoseconds() - start) / 1_000_000
        try quiesce()
        say("  All nodes are connected again after \(milliseconds) ms, and what had queued has arrived.")
    }

    // MARK: What is told

    private func say(_ text: String) { Output.standard.writeLine(text) }

    private func heading(_ text: String) { say("\n" + Terminal.styled(.bold, text)) }

    private func introduce(_ channel: DemoChannel) {
        let state = channel.node.state
        let security =
            state.isTLS
            ? "\(state.tlsVersion), certificate \(state.isTLSVerified ? "verified" : "NOT verified")" : "no TLS"
        say("  \(Text.left(channel.title, 14)) \(Terminal.styled(.cyan, state.url))  \(security)")
    }

    /// The last message of each device, as the server got it.
    private func show(_ channel: DemoChannel) throws(DemoFailure) {
        if let faults = channel.faults() { throw DemoFailure(text: "\(channel.name): \(faults)") }
        let messages = channel.received
        say("  " + Terminal.styled(.cyan, channel.title) + ": \(messages.count) messages arrived; the last two:")
        for message in messages.suffix(2) {
            for line in Self.wrapped(Terminal.printable(message.text)) { say("    " + line) }
        }
    }

    private func tellOutage() throws(DemoFailure) {
        for channel in channels {
            let metrics = channel.node.metrics
            say("  \(Text.left(channel.title, 14)) \(metrics.queued_messages) messages wait in its queue")
        }
        let state = channels[0].node.state
        if state.isOpen { throw DemoFailure(text: "\(channels[0].name) has not noticed that its server is gone") }
        for line in Self.wrapped(Terminal.printable("state: " + state.message)) { say("  " + line) }
    }

    private func conclude() -> ExitStatus {
        heading("What came of it")
        let columns = [8, 8, 8, 8, 9, 8, 8, 9, 7, 11]
        let titles = [
            "node", "pushed", "sent", "arrived", "in order", "dropped", "resent", "attempts", "opened", "wire bytes",
        ]
        say("  " + Terminal.styled(.faint, Self.row(titles, columns)))
        var isGood = true
        for channel in channels {
            let metrics = channel.node.metrics
            let faults = channel.faults()
            let cells = [
                channel.name, "\(channel.pushed.count)", "\(metrics.messages_sent)", "\(channel.received.count)",
                faults == nil ? "yes" : "NO", "\(metrics.messages_dropped)", "\(metrics.messages_resent)",
                "\(metrics.connection_attempts)", "\(metrics.connections_opened)", "\(metrics.wire_bytes_sent)",
            ]
            say("  " + Self.row(cells, columns))
            if let faults {
                isGood = false
                say("  " + Terminal.styled(.red, "\(channel.name): \(faults)"))
            }
        }
        let verdict = isGood ? "Every message arrived, once and in order." : "Not every message arrived as it should."
        say("\n" + Terminal.styled(isGood ? .green : .red, verdict))
        return isGood ? .success : .failed
    }

    /// The first cell to the left, numbers to the right.
    private static func row(_ cells: [String], _ widths: [Int]) -> String {
        var line = ""
        for (index, cell) in cells.enumerated() {
            line += index == 0 ? Text.left(cell, widths[index]) : "  " + Text.right(cell, widths[index])
        }
        return line
    }

    /// JSON broken behind commas and sentences behind spaces, where possible.
    private static func wrapped(_ text: String) -> [String] {
        var lines: [String] = []
        var rest = Substring(text)
        while rest.count > columns {
            let piece = rest.prefix(columns)
            let end = piece.lastIndex { $0 == "," || $0 == " " }.map { piece.index(after: $0) } ?? piece.endIndex
            let line = rest[..<end]
            lines.append(String(line.last == " " ? line.dropLast() : line))
            rest = rest[end...]
        }
        return lines + [String(rest)]
    }
}
