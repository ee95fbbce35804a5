// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import LoopbackServer

/// `neuron-ws demo --web`: a plant whose gateways push to a server with a page, and answer what the page asks.
enum DemoWeb {
    private static let tickMilliseconds: Int64 = 100
    private static let farewellMilliseconds: UInt32 = 500

    static func run(port: UInt16, count: Int?, timeoutMilliseconds: Int?) -> ExitStatus {
        let signals = ServeSignals.block()
        let pages = LivePages()
        var configuration = ServerConfiguration()
        configuration.port = port
        configuration.behaviour.collects = false
        pages.join(&configuration)
        let server: LoopbackWebSocketServer
        do throws(ServerError) {
            let made = configuration
            server = try pages.start(authorityPath: nil) { () throws(ServerError) in
                try LoopbackWebSocketServer.start(made)
            }
        } catch {
            Terminal.complain(error.message + (port == 0 ? "" : "; choose another --port, or 0 for any free one"))
            return .failed
        }
        defer { server.stop() }
        let gateways: [DemoGateway]
        do throws(LibraryError) { gateways = try DemoGateway.all(server.url) } catch {
            Terminal.complain(error.text)
            return .failed
        }
        Output.standard.writeLine("the page to watch: \(LivePages.address(of: server.url)); Ctrl-C ends it")
        let end = push(gateways, server, signals, count, timeoutMilliseconds)
        signals.unblock()
        for gateway in gateways { gateway.node.stop(timeoutMilliseconds: farewellMilliseconds) }
        Output.standard.writeLine("\(Text.count(server.messageCount, "message")) arrived")
        guard let count, end != .counted else { return .success }
        if end == .timedOut {
            Terminal.complain("\(Text.grouped(server.messageCount)) of \(Text.count(count, "message")) came")
        }
        return .failed
    }

    private static func push(
        _ gateways: [DemoGateway], _ server: LoopbackWebSocketServer, _ signals: ServeSignals, _ count: Int?,
        _ timeoutMilliseconds: Int?
    ) -> ServeSignals.End {
        let start = Clock.nanoseconds() / 1_000_000
        var next = start
        while true {
            let now = Clock.nanoseconds() / 1_000_000
            if let count, server.messageCount >= count { return .counted }
            if let timeoutMilliseconds, now >= start + Int64(timeoutMilliseconds) { return .timedOut }
            if now >= next {
                for gateway in gateways { gateway.advance() }
                // A machine that was asleep does not catch up.
                next = max(next + tickMilliseconds, now)
            }
            let end = signals.wait(timeoutMilliseconds: Int(max(0, next - now))) { false }
            if end == .interrupted { return .interrupted }
        }
    }
}

/// A node of the library with its devices, which can be read and written.
private final class DemoGateway: NodeObserver, @unchecked Sendable {
    private(set) var node: Node!
    private let drivers: [String]
    private let isFirst: Bool
    private let mutex = Mutex()
    /// Touched under the mutex.
    private var plant = DemoPlant()

    private init(drivers: [String], isFirst: Bool) {
        self.drivers = drivers
        self.isFirst = isFirst
    }

    static func all(_ url: String) throws(LibraryError) -> [DemoGateway] {
        [
            try make("hall-1", url, format: 0, drivers: ["press", "oven"], isFirst: true),
            try make("hall-2", url, format: 1, drivers: ["tank", "chiller", "水泵"], isFirst: false),
        ]
    }

    private static func make(
        _ name: String, _ url: String, format: Int, drivers: [String], isFirst: Bool
    ) throws(LibraryError) -> DemoGateway {
        let gateway = DemoGateway(drivers: drivers, isFirst: isFirst)
        let settings =
            "{\"url\":\(JSONText.quoted("\(url)/\(name)")),\"format\":\(format),\"allow-requests\":\"all\","
            + "\"reconnect-min\":0.2,\"reconnect-max\":1}"
        gateway.node = try Node.create(name: name, settings: settings, observer: gateway, takesRequests: true)
        for driver in drivers { try gateway.node.subscribe(driver: driver, group: "*") }
        try gateway.node.start()
        return gateway
    }

    /// A tenth of a second passes. What the queue does not take is lost, and counted by the node.
    func advance() {
        let groups = mutex.withLock { plant.advance() }
        for group in groups where drivers.contains(group.driver) {
            var text = group.json
            text.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) {
                    _ = neuron_ws_node_push_json(node.pointer, $0.baseAddress, $0.count, nil)
                }
            }
        }
    }

    // MARK: Requests

    /// A request that goes to all gateways is answered by one. The first answers for drivers that nobody has.
    private func isOurs(_ driver: String) -> Bool {
        drivers.contains(driver) || isFirst && mutex.withLock { !plant.groups.contains { $0.driver == driver } }
    }

    override func requestReceived(_ request: NodeRequest) {
        guard isOurs(request.driver) else { return request.drop() }
        switch request.kind {
        case .read(let tags):
            let (group, missing) = mutex.withLock {
                (
                    plant.group(driver: request.driver, group: request.group, tags: tags),
                    plant.missing(driver: request.driver, group: request.group)
                )
            }
            if let group { request.reply(group: group.json) } else { request.reply(error: missing) }
        case .write(let tags):
            let errors = mutex.withLock {
                tags.map { tag in
                    plant.write(
                        driver: request.driver, group: request.group, tag: tag.name, DemoPlant.Value(tag.value))
                }
            }
            request.reply(error: errors.first { $0 != 0 } ?? 0)
        case .action: request.reply(error: 0)
        }
    }
}

extension DemoPlant.Value {
    /// Of a document's; what no tag here takes is an array.
    init(_ json: JSON) {
        if let number = json.integer {
            self = .integer(number)
        } else if let text = json.string {
            self = .text(text)
        } else if let isTrue = json.boolean {
            self = .boolean(isTrue)
        } else {
            self = .array([])
        }
    }
}
