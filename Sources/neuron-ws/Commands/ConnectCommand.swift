// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS

/// `neuron-ws connect`: type to talk to a server.
enum ConnectCommand {
    static let syntax = CommandSyntax(
        name: "connect",
        summary: "talk to a server: each line of standard input is sent, each message that comes is printed",
        options: [
            ArgumentOption(name: "--binary", value: nil, help: "send the lines as binary messages"),
            ArgumentOption(name: "--pretty", value: nil, help: "JSON indented and, on a terminal, coloured"),
            ArgumentOption(name: "--raw", value: nil, help: "messages alone, byte by byte, for a pipe or a file"),
            ArgumentOption(name: "--json", value: nil, help: "each message as one JSON object a line"),
            ArgumentOption(name: "--count", value: "N", help: "end after so many messages"),
            ArgumentOption(
                name: "--timeout", value: "SECONDS", help: "end after so long; before --count, that is a failure"),
            ArgumentOption(name: "--one", value: nil, help: "send one line, print one message, end (within 30 s)"),
            ArgumentOption(name: "--ping", value: nil, help: "a Ping every second, and the round trips"),
            Trace.option,
            ArgumentOption(name: "--no-reconnect", value: nil, help: "end when the connection ends, or cannot be had"),
        ],
        connects: true,
        notes: [
            "On a terminal, lines are edited and remembered if libedit is installed; Ctrl-D and Ctrl-C close the",
            "connection properly. At the end of a pipe or a file what was read is sent, answers are waited for one",
            "more second, or as long as --count and --timeout say, and the connection is closed. Binary messages are",
            "printed as a hex dump. What is wrong with the connection goes to standard error.",
            "Exit status 0 says that every line was sent, and that --count was reached if it was given.",
        ])

    static func run(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        var plan = ConversationPlan()
        plan.isBinary = arguments.has("--binary")
        plan.isOne = arguments.has("--one")
        plan.pings = arguments.has("--ping")
        plan.reconnects = !arguments.has("--no-reconnect")
        plan.count = try arguments.integer("--count", in: 1...Int.max)
        plan.timeoutMilliseconds = try arguments.milliseconds("--timeout", upTo: 31_536_000)
        if plan.isOne {
            guard plan.count == nil else { throw UsageError(text: "--one ends after one message: leave --count out") }
            plan.count = 1
            plan.timeoutMilliseconds = plan.timeoutMilliseconds ?? 30_000
        }
        let style = try MessagePrinter.style(arguments)
        let settings = try Settings.compose(arguments, inputHolds: "what is to be sent")
        do throws(LibraryError) {
            let node = try Node.create(name: "connect", settings: settings)
            let mask = NEURON_WS_EVENT_STATE | NEURON_WS_EVENT_MESSAGE | Trace.begin(node, arguments)
            let descriptor = try node.eventDescriptor(mask: mask)
            Interrupt.listen()
            try node.start()
            return Conversation(node, descriptor, plan, MessagePrinter(style: style)).run()
        } catch {
            guard error.status == .NEURON_WS_INVALID_SETTINGS else {
                Terminal.complain(Terminal.printable(error.text))
                return .failed
            }
            throw UsageError(text: Settings.blame(error.text, arguments))
        }
    }
}

/// What a conversation has been asked to be.
struct ConversationPlan {
    var isBinary = false
    var isOne = false
    var pings = false
    var reconnects = true
    /// Messages to receive.
    var count: Int?
    var timeoutMilliseconds: Int?
}
