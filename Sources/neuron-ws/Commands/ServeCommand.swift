import CLinux
import LoopbackServer

/// `neuron-ws serve`: a small server that prints what it gets.
enum ServeCommand {
    static let syntax = CommandSyntax(
        name: "serve",
        summary: "a small server on 127.0.0.1 and ::1 that prints what it gets, until it is interrupted",
        options: [
            ArgumentOption(name: "--port", value: "N", help: "where to listen; 0: any free port", isRequired: true),
            ArgumentOption(name: "--cert", value: "FILE", help: "the certificate as PEM: then it is wss"),
            ArgumentOption(name: "--key", value: "FILE", help: "the certificate's key as PEM"),
            ArgumentOption(name: "--echo", value: nil, help: "send each message back"),
        ])

    /// Longer binary messages are cut when they are printed.
    private static let shownBinaryBytesMax = 64

    static func run(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        var configuration = ServerConfiguration()
        configuration.port = UInt16(try arguments.integer("--port", in: 0...65_535) ?? 0)
        guard arguments.has("--cert") == arguments.has("--key") else {
            throw UsageError(text: "--cert and --key belong together")
        }
        configuration.certificatePEM = try file(arguments, "--cert")
        configuration.keyPEM = try file(arguments, "--key")
        configuration.behaviour.collects = false
        configuration.behaviour.answer = arguments.has("--echo") ? .echo : .nothing
        configuration.onEvent = show

        // Blocked before any thread is there, so that they wait for sigwait below.
        var ends = sigset_t()
        sigemptyset(&ends)
        sigaddset(&ends, SIGINT)
        sigaddset(&ends, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &ends, nil)

        let server: LoopbackWebSocketServer
        do throws(ServerError) { server = try LoopbackWebSocketServer.start(configuration) } catch {
            Terminal.complain(error.message)
            return .failed
        }
        Output.standard.writeLine("listening on \(server.url); Ctrl-C ends it")
        var signal: Int32 = 0
        sigwait(&ends, &signal)
        // A second one ends the tool at once, should anything hang.
        pthread_sigmask(SIG_UNBLOCK, &ends, nil)
        server.stop()
        let connections = server.endedConnections.count
        Output.standard.writeLine(
            "\(Text.count(server.messageCount, "message")) of \(Text.count(server.payloadBytes, "byte")) "
                + "on \(Text.count(connections, "connection"))")
        return .success
    }

    private static func file(_ arguments: Arguments, _ name: String) throws(UsageError) -> String? {
        guard let path = arguments.text(name) else { return nil }
        do throws(File.Failure) { return try File.read(path) } catch {
            throw UsageError(text: "\(name): \(error.text)")
        }
    }

    @Sendable private static func show(_ event: ServerEvent) {
        let time = Terminal.styled(.faint, Clock.timeOfDay())
        switch event {
        case .opened(let record):
            let client = record.clientCertificate.map { ", client certificate \($0)" } ?? ""
            Output.standard.writeLine(
                "\(time)  #\(record.number) opened  \(record.peer)  \(Terminal.printable(record.resource + client))")
        case .message(let connection, let isText, let bytes):
            let size = Text.count(bytes.count, "byte")
            let kind = isText ? "text" : "binary"
            let content = isText ? Terminal.printable(String(decoding: bytes, as: UTF8.self)) : hexadecimal(bytes)
            Output.standard.writeLine("\(time)  #\(connection) \(kind), \(size)  \(content)")
        case .ended(let record):
            var how = record.ending
            if let code = record.closeCode, code != 1005 { how += ", code \(code) \(record.closeReason)" }
            Output.standard.writeLine(
                "\(time)  #\(record.number) ended  \(Text.count(record.messages, "message"))  "
                    + Terminal.printable(how)
            )
        }
    }

    private static func hexadecimal(_ bytes: UnsafeRawBufferPointer) -> String {
        let shown = bytes.prefix(shownBinaryBytesMax).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return shown.joined(separator: " ") + (bytes.count > shownBinaryBytesMax ? " …" : "")
    }
}
