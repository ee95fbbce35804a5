// SPDX-License-Identifier: Apache-2.0
import CLinux
import LoopbackServer

/// What `serve` prints, for people or as a JSON object a line. Connections tell it from their threads.
final class ServeReport: @unchecked Sendable {
    private let printer: MessagePrinter
    private let count: Int?
    private let whenCounted: @Sendable () -> Void
    private let mutex = Mutex()
    // Both are touched under the mutex.
    private var filter: SubscriptionWatch
    private var shown = 0

    /// - Parameters:
    ///   - count: so many messages are shown, and no more; nil: all.
    ///   - whenCounted: called once they are, on some thread.
    init(
        style: MessagePrinter.Style, filter: SubscriptionWatch, count: Int?, whenCounted: @escaping @Sendable () -> Void
    ) {
        printer = MessagePrinter(style: style)
        self.filter = filter
        self.count = count
        self.whenCounted = whenCounted
    }

    /// Messages shown so far: those that the filters let through.
    var shownCount: Int { mutex.withLock { shown } }

    var isComplete: Bool { count.map { shownCount >= $0 } ?? false }

    /// Starts the server; what its clients do at once is told behind the line that says where it listens.
    func start(
        _ configuration: ServerConfiguration, authorityPath: String?
    ) throws(ServerError) -> LoopbackWebSocketServer {
        let result: Result<LoopbackWebSocketServer, ServerError> = mutex.withLock {
            do throws(ServerError) {
                let server = try LoopbackWebSocketServer.start(configuration)
                tellStart(server.url, authorityPath, hasPage: configuration.pages != nil)
                return .success(server)
            } catch { return .failure(error) }
        }
        return try result.get()
    }

    private func tellStart(_ url: String, _ authorityPath: String?, hasPage: Bool) {
        if printer.style == .json {
            var members: [(String, JSON)] = [("url", .text(url))]
            if let authorityPath { members.append(("ca", .text(authorityPath))) }
            if hasPage { members.append(("page", .text(LivePages.address(of: url)))) }
            return tell("listening", members)
        }
        Output.standard.writeLine("listening on \(url); Ctrl-C ends it")
        if let authorityPath {
            Output.standard.writeLine("its CA, for --ca and the setting ca, until then: \(authorityPath)")
        }
        if hasPage { Output.standard.writeLine("the page to watch: \(LivePages.address(of: url))") }
    }

    func show(_ event: ServerEvent) {
        mutex.withLock {
            switch event {
            case .opened(let record): showOpened(record)
            case .message(let connection, let isText, let bytes): showMessage(connection, isText, bytes)
            case .stalled(let record):
                if printer.style == .json { return tell("stalled", [("connection", .integer(Int64(record.number)))]) }
                tell(record, "stalled  nothing more is read or answered, as --fault says")
            case .ended(let record): showEnded(record)
            }
        }
    }

    private func showOpened(_ record: ConnectionRecord) {
        if printer.style == .json {
            var members: [(String, JSON)] = [
                ("connection", .integer(Int64(record.number))), ("peer", .text(record.peer)),
                ("path", .text(record.resource)),
            ]
            if let subject = record.clientCertificate { members.append(("certificate", .text(subject))) }
            return tell("opened", members)
        }
        let client = record.clientCertificate.map { ", client certificate \($0)" } ?? ""
        tell(record, "opened  \(record.peer)  \(record.resource)\(client)")
    }

    private func showMessage(_ connection: Int, _ isText: Bool, _ bytes: UnsafeRawBufferPointer) {
        if let count, shown >= count { return }
        guard filter.matches(bytes) else { return }
        shown += 1
        printer.print(isText: isText, bytes, connection: connection)
        if shown == count { whenCounted() }
    }

    private func showEnded(_ record: ConnectionRecord) {
        let code = record.closeCode.flatMap { $0 == 1005 ? nil : $0 }
        if printer.style == .json {
            var members: [(String, JSON)] = [
                ("connection", .integer(Int64(record.number))), ("messages", .integer(Int64(record.messages))),
                ("how", .text(record.ending)),
            ]
            if let code { members += [("code", .integer(Int64(code))), ("reason", .text(record.closeReason))] }
            return tell("ended", members)
        }
        var how = code.map { ", code \($0)" } ?? ""
        if !record.closeReason.isEmpty { how += " \(record.closeReason)" }
        tell(record, "ended  \(Text.count(record.messages, "message"))  \(record.ending)\(how)")
    }

    /// The last line, and which filters matched nothing.
    func sum(_ server: LoopbackWebSocketServer) {
        mutex.withLock {
            let connections = server.endedConnections.count
            if printer.style == .json {
                tell(
                    "summary",
                    [
                        ("messages", .integer(Int64(server.messageCount))),
                        ("bytes", .integer(Int64(server.payloadBytes))),
                        ("connections", .integer(Int64(connections))), ("shown", .integer(Int64(shown))),
                    ])
            } else {
                let part = shown < server.messageCount ? "; \(Text.grouped(shown)) shown" : ""
                Output.standard.writeLine(
                    "\(Text.count(server.messageCount, "message")) of \(Text.count(server.payloadBytes, "byte")) "
                        + "on \(Text.count(connections, "connection"))\(part)")
            }
            for complaint in filter.complaints { Terminal.complain(Terminal.printable(complaint)) }
        }
    }

    private func tell(_ record: ConnectionRecord, _ text: String) {
        let time = Terminal.styled(.faint, Clock.timeOfDay())
        Output.standard.writeLine("\(time)  #\(record.number) \(Terminal.printable(text))")
    }

    private func tell(_ event: String, _ members: [(String, JSON)]) {
        let object = JSON.object()
        object.set("time", Clock.timeOfDay())
        object.set("event", event)
        for (name, value) in members { object.set(name, value) }
        Output.standard.writeLine(String(decoding: object.compactText, as: UTF8.self))
    }
}
