// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS
import LoopbackServer

/// The demo's last act: a process that sends is killed again and again, and nothing that it was told to be stored is
/// lost. What is killed is this tool, which starts itself as `DemoSender`.
struct DemoKill: ~Copyable {
    private static let patienceMilliseconds = 15_000
    /// Of the lives that are killed: so many readings are stored first.
    private static let storedPerLife = 40

    let server: LoopbackWebSocketServer
    private let folder: String
    /// What each life has been told to be stored: its readings up to this one.
    private var stored: [Int64] = []

    init(server: LoopbackWebSocketServer) throws(DemoFailure) {
        self.server = server
        let (path, isMade) = Files.makeTemporaryFolder("neuron-ws-demo")
        guard isMade else {
            throw DemoFailure(
                text: "cannot make the folder \(path): \(systemErrorText(systemErrorNumber)); set TMPDIR to a folder "
                    + "that can be written")
        }
        folder = path
    }

    deinit {
        try? Caches.drop(folder, DemoSender.node, Caches.waiting | Caches.poisoned)
        rmdir(folder)
    }

    // MARK: The act

    /// - Returns: what is to be told.
    mutating func play() throws(DemoFailure) -> [String] {
        var lines: [String] = []
        server.stopListening()
        server.killAllConnections()
        try killedLife()
        let (messages, bytes) = try onDisk()
        lines.append(
            "The server is away. A sender stores \(stored[0]) readings and is killed: \(messages) lie on disk, "
                + "\(bytes) bytes.")
        do throws(ServerError) { try server.startListening() } catch { throw DemoFailure(text: error.message) }
        try killedLife()
        lines.append(
            "The server is back. The next one sends them, stores \(stored[1]) more, and is killed as it sends.")
        try lastLife()
        let left = try onDisk().messages
        let came = try judge()
        lines.append(
            "The last one ends by itself: \(came.readings) readings arrived, \(came.again) again and marked so; "
                + "\(left) lie on disk.")
        return lines
    }

    private func onDisk() throws(DemoFailure) -> (messages: Int, bytes: Int) {
        let caches: [CacheFacts]
        do throws(LibraryError) { caches = try Caches.all(in: folder) } catch { throw DemoFailure(text: error.text) }
        guard let cache = caches.first else { return (0, 0) }
        if !cache.error.isEmpty { throw DemoFailure(text: cache.error) }
        return (cache.messages, cache.bytes)
    }

    private mutating func killedLife() throws(DemoFailure) {
        let life = try start()
        let told = life.wait(for: Int64(Self.storedPerLife), milliseconds: Self.patienceMilliseconds)
        kill(life.process, SIGKILL)
        // What it said before it died counts, too.
        stored.append(max(told, life.wait(for: .max, milliseconds: Self.patienceMilliseconds)))
        _ = life.end()
        if told < Self.storedPerLife { throw DemoFailure(text: "the sender stored \(told) readings, and no more") }
    }

    private mutating func lastLife() throws(DemoFailure) {
        let life = try start(isLast: true)
        stored.append(life.wait(for: .max, milliseconds: Self.patienceMilliseconds))
        let status = life.end()
        if status != 0 { throw DemoFailure(text: "the last sender could not deliver all (status \(status))") }
    }

    private func start(isLast: Bool = false) throws(DemoFailure) -> DemoLife {
        let words = [DemoSender.word, "\(server.url)/kept", folder, "\(stored.count + 1)", isLast ? "last" : "on"]
        guard let life = DemoLife.start(words) else {
            throw DemoFailure(text: "no process could be started: \(systemErrorText(systemErrorNumber))")
        }
        return life
    }

    /// All that was stored has come, in order, and what came again says so.
    private func judge() throws(DemoFailure) -> (readings: Int, again: Int) {
        var newest: Int64 = 0
        var seen: Set<Int64> = []
        var again = 0
        for message in server.messages where message.resource == "/kept" {
            guard let document = try? JSON.parse(message.text), let counter = document["values"]?["counter"]?.integer
            else { throw DemoFailure(text: "a message is not what was sent: \(message.text)") }
            if !seen.insert(counter).inserted {
                if document["resent"]?.boolean != true {
                    throw DemoFailure(text: "reading \(counter) came twice without a mark")
                }
                again += 1
            } else if counter < newest {
                throw DemoFailure(text: "reading \(counter) came behind \(newest)")
            }
            newest = max(newest, counter)
        }
        for (life, count) in stored.enumerated() {
            let first = DemoSender.firstReading(life: life + 1)
            for reading in first..<(first + count) where !seen.contains(reading) {
                throw DemoFailure(text: "reading \(reading) was stored, and did not arrive")
            }
        }
        return (seen.count, again)
    }
}

/// One process that sends, and what it says.
final class DemoLife {
    private let child: ChildProcess
    private var line: [UInt8] = []
    private var stored: Int64 = 0

    private init(_ child: ChildProcess) { self.child = child }

    var process: pid_t { child.number }

    /// nil: errno says why.
    static func start(_ words: [String]) -> DemoLife? {
        ChildProcess.start(
            "/proc/self/exe", ["neuron-ws"] + words,
            // What a loader finds libraries by, that of an emulated processor too.
            inherited: ["LD_LIBRARY_PATH", "LD_PRELOAD", "QEMU_LD_PREFIX", "SWIFT_BACKTRACE"]
        ).map { DemoLife($0) }
    }

    /// - Returns: how many readings it says are stored: when these are so many, it says no more, or the time is over.
    func wait(for count: Int64, milliseconds: Int) -> Int64 {
        let deadline = Clock.nanoseconds() + Int64(milliseconds) * 1_000_000
        while stored < count {
            let left = (deadline - Clock.nanoseconds()) / 1_000_000
            var entry = pollfd(fd: child.output, events: Int16(POLLIN), revents: 0)
            guard left > 0, poll(&entry, 1, Int32(clamping: left)) > 0 else { break }
            var bytes = [UInt8](repeating: 0, count: 256)
            let length = bytes.withUnsafeMutableBytes { CLinux.read(child.output, $0.baseAddress, $0.count) }
            if length <= 0 { break }
            for byte in bytes[..<length] {
                if byte != 10 {
                    line.append(byte)
                    continue
                }
                stored = Int64(String(decoding: line, as: UTF8.self)) ?? stored
                line = []
            }
        }
        return stored
    }

    /// - Returns: its exit status; behind a signal 128 and its number.
    func end() -> Int32 { child.end() }
}

/// What is killed: `neuron-ws demo-sender URL FOLDER LIFE on|last`. Says after each batch how many of its readings are
/// stored. It is no command of its own, and help is silent about it.
enum DemoSender {
    static let word = "demo-sender"
    static let node = "demo-kept"
    private static let batch = 5
    private static let lastReadings = 20
    private static let flushMilliseconds: UInt32 = 15_000

    static func firstReading(life: Int) -> Int64 { Int64(life) * 1_000_000 + 1 }

    static func run(_ words: [String]) -> ExitStatus {
        guard words.count == 4, let life = Int(words[2]), (1...1000).contains(life) else { return .usage }
        do throws(LibraryError) {
            let settings =
                "{\"url\":\(JSONText.quoted(words[0])),\"data-dir\":\(JSONText.quoted(words[1])),"
                + "\"offline-cache\":true,\"delivery\":\"peer-parsed\",\"sequence\":true,\"reconnect-min\":0.05,"
                + "\"reconnect-max\":0.2}"
            let node = try Node.create(name: node, settings: settings)
            try node.subscribe(driver: "press", group: "fast")
            try node.start()
            return send(node, life, isLast: words[3] == "last")
        } catch {
            Terminal.complain(error.text)
            return .failed
        }
    }

    private static func send(_ node: Node, _ life: Int, isLast: Bool) -> ExitStatus {
        let device = DemoDevice.press()
        device.skip(to: firstReading(life: life) - 1)
        var count = 0
        while !isLast || count < lastReadings {
            for _ in 0..<batch {
                device.read()
                let status = device.withGroup { neuron_ws_node_push(node.pointer, $0, nil) }
                guard status == .NEURON_WS_OK else { return failed(status) }
                count += 1
            }
            let status = node.flush(.NEURON_WS_LEVEL_STORED, timeoutMilliseconds: flushMilliseconds)
            guard status == .NEURON_WS_OK else { return failed(status) }
            Output.standard.writeLine("\(count)")
            Clock.sleep(milliseconds: 10)
        }
        let status = node.flush(.NEURON_WS_LEVEL_PEER_PARSED, timeoutMilliseconds: flushMilliseconds)
        node.stop(timeoutMilliseconds: 2000)
        return status == .NEURON_WS_OK ? .success : failed(status)
    }

    private static func failed(_ status: neuron_ws_status_t) -> ExitStatus {
        Terminal.complain(LibraryError(status).text)
        return .failed
    }
}
