// SPDX-License-Identifier: Apache-2.0
import CLinux
import LoopbackServer

/// `neuron-ws serve`: a small server that prints what it gets, and misbehaves as it is told.
enum ServeCommand {
    static let syntax = CommandSyntax(
        name: "serve",
        summary: "a small server on 127.0.0.1 and ::1 that prints what it gets, until it is interrupted",
        options: [
            ArgumentOption(name: "--port", value: "N", help: "where to listen; 0: any free port", isRequired: true),
            ArgumentOption(name: "--tls", value: nil, help: "wss, with a certificate made on the spot"),
            ArgumentOption(name: "--cert", value: "FILE", help: "wss, with this certificate as PEM"),
            ArgumentOption(name: "--key", value: "FILE", help: "the certificate's key as PEM"),
            ArgumentOption(name: "--web", value: nil, help: "a page for browsers, that shows live what arrives"),
            ArgumentOption(name: "--echo", value: nil, help: "send each message back"),
            ArgumentOption(name: "--ack", value: nil, help: "acknowledge messages: for nodes with delivery app-acked"),
            ArgumentOption(
                name: "--filter", value: "DRIVER/GROUP", help: "show these groups alone, * for all; may be repeated"),
            ArgumentOption(name: "--pretty", value: nil, help: "JSON indented and, on a terminal, coloured"),
            ArgumentOption(name: "--json", value: nil, help: "each event as one JSON object a line"),
            ArgumentOption(name: "--count", value: "N", help: "end when so many messages have been shown"),
            ArgumentOption(
                name: "--timeout", value: "SECONDS", help: "end after so long; before --count, that is a failure"),
            ArgumentOption(
                name: "--fault", value: "FAULT", help: "do it wrong, as below; several with commas, or repeated",
                words: ServeFault.allCases.map { $0.form }),
        ],
        notes: ["FAULT is one of:"] + faultLines + [
            "",
            "N counts the messages of each connection anew. --tls prints the path of its CA's certificate, for --ca",
            "and the setting ca; the file is removed at the end. A message without a driver's and a group's name is",
            "of no --filter. --web prints the page's address; the page shows all, whatever --filter says.",
            "Exit status 0 says that it listened, and that --count was reached if it was given.",
        ])

    private static var faultLines: [String] {
        let width = ServeFault.allCases.map { $0.form.count }.max() ?? 0
        return ServeFault.allCases.map { "  \(Text.left($0.form, width))  \($0.meaning)" }
    }

    static func run(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        var configuration = ServerConfiguration()
        configuration.port = UInt16(try arguments.integer("--port", in: 0...65_535) ?? 0)
        guard arguments.has("--cert") == arguments.has("--key") else {
            throw UsageError(text: "--cert and --key belong together")
        }
        guard !arguments.has("--tls") || !arguments.has("--cert") else {
            throw UsageError(text: "--tls makes a certificate, and --cert gives one: leave one of them out")
        }
        configuration.certificatePEM = try file(arguments, "--cert")
        configuration.keyPEM = try file(arguments, "--key")
        configuration.behaviour.collects = false
        guard !arguments.has("--echo") || !arguments.has("--ack") else {
            throw UsageError(text: "--echo and --ack answer each message: leave one of them out")
        }
        configuration.behaviour.answer =
            arguments.has("--echo") ? .echo : arguments.has("--ack") ? .acknowledgement : .nothing
        try ServeFaults.parse(arguments.all("--fault")).apply(to: &configuration)
        let count = try arguments.integer("--count", in: 1...Int.max)
        let timeout = try arguments.milliseconds("--timeout", upTo: 31_536_000)
        let style = try MessagePrinter.style(arguments)
        let filter = try SubscriptionWatch.parse(arguments.all("--filter"), option: "--filter")

        let signals = ServeSignals.block()
        let report = ServeReport(style: style, filter: filter, count: count) { signals.tellCounted() }
        configuration.onEvent = { report.show($0) }
        let pages = arguments.has("--web") ? LivePages() : nil
        pages?.join(&configuration)
        guard arguments.has("--tls") else { return serve(configuration, report, pages, signals, count, timeout, nil) }
        do throws(ServeCertificate.Failure) {
            let certificate = try ServeCertificate.make()
            configuration.certificatePEM = certificate.certificatePEM
            configuration.keyPEM = certificate.keyPEM
            return serve(configuration, report, pages, signals, count, timeout, certificate)
        } catch {
            Terminal.complain(Terminal.printable(error.text))
            return .failed
        }
    }

    private static func serve(
        _ configuration: ServerConfiguration, _ report: ServeReport, _ pages: LivePages?, _ signals: ServeSignals,
        _ count: Int?, _ timeoutMilliseconds: Int?, _ certificate: ServeCertificate?
    ) -> ExitStatus {
        Output.standard.beforeGivingUp = { certificate?.remove() }
        let server: LoopbackWebSocketServer
        do throws(ServerError) {
            let path = certificate?.authorityPath
            server =
                if let pages {
                    try pages.start(authorityPath: path) { () throws(ServerError) in
                        try report.start(configuration, authorityPath: path)
                    }
                } else { try report.start(configuration, authorityPath: path) }
        } catch {
            certificate?.remove()
            let hint = configuration.port == 0 ? "" : "; choose another --port, or 0 for any free one"
            Terminal.complain(error.message + hint)
            return .failed
        }
        let end = signals.wait(timeoutMilliseconds: timeoutMilliseconds) { report.isComplete }
        certificate?.remove()
        // A second interrupt ends the tool at once, should anything hang.
        signals.unblock()
        server.stop()
        report.sum(server)
        guard let count, !report.isComplete else { return .success }
        if end == .timedOut {
            Terminal.complain("\(Text.grouped(report.shownCount)) of \(Text.count(count, "message")) came")
        }
        return .failed
    }

    private static func file(_ arguments: Arguments, _ name: String) throws(UsageError) -> String? {
        guard let path = arguments.text(name) else { return nil }
        do throws(File.Failure) { return try File.read(path) } catch {
            throw UsageError(text: "\(name): \(error.text)")
        }
    }
}
