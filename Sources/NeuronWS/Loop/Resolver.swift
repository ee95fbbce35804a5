// SPDX-License-Identifier: Apache-2.0
import CLinux
import NodeCore
import WebSocketCore

/// Who asked. Loop-bound, told exactly once unless the query was cancelled before.
protocol ResolverClient: AnyObject {
    func nameResolved(_ result: ResolverResult)
}

/// Asks for the addresses of names without holding up the loop: `getaddrinfo` waits for name servers, so each look-up
/// has a thread of its own; `LookupTable` says who shares one, and when there are too many. Those who come too late for
/// a thread are answered from the hosts file, by one more thread for all of them.
///
/// One for the process, since the threads are: they cannot be interrupted, and outlive the loop that wanted to know.
final class Resolver: @unchecked Sendable {
    static let shared = Resolver()

    /// `getaddrinfo` and the system's name service modules need far less.
    private static let stackBytes = 512 * 1024

    private let source: @Sendable (LookupQuestion) -> ResolverResult
    // All under `lock`.
    private let lock = Lock()
    private var table = LookupTable()
    private var lastNumber: UInt64 = 0
    /// Those who wait for a look-up of the table.
    private var waiting: [ResolverQuery] = []
    /// Those who wait for the thread that reads the hosts file.
    private var waitingForFile: [ResolverQuery] = []
    private var isReadingFile = false

    /// `source` is called on threads made for it, and may wait. Tests have others.
    init(source: @escaping @Sendable (LookupQuestion) -> ResolverResult = NameService.ask) {
        self.source = source
    }

    /// Starts a question. The client hears of it on a later turn, never within this call.
    func resolve(
        host: String, port: UInt16, version: IPVersion, loop: EventLoop, client: any ResolverClient
    ) -> ResolverQuery {
        loop.assertOnLoop()
        let question = LookupQuestion(host: host, version: version)
        lock.lock()
        lastNumber &+= 1
        let query = ResolverQuery(
            number: lastNumber, question: question, port: port, client: client, loop: loop, resolver: self)
        let verdict = table.asked(question, by: query.number, now: Clock.monotonicNanoseconds)
        var startsFileThread = false
        if verdict == .askHostsFile {
            waitingForFile.append(query)
            startsFileThread = !isReadingFile
            isReadingFile = true
        } else {
            waiting.append(query)
        }
        lock.unlock()
        if case .start(let number) = verdict {
            let lookup = Lookup(number: number, question: question, resolver: self)
            if let error = Self.startThread(lookup) { ended(number, .failed(.noThread(error))) }
        } else if startsFileThread, let error = Self.startThread(HostsFileLookup(self)) {
            fileThreadFailed(error)
        }
        return query
    }

    private static func startThread(_ body: any ThreadBody) -> SystemError? {
        do throws(SystemError) {
            try Thread.start(body, name: "neuron_ws-dns", stackBytes: stackBytes).detach()
            return nil
        } catch { return error }
    }

    fileprivate func cancelled(_ query: ResolverQuery) {
        lock.withLock {
            table.cancelled(query.number)
            waiting.removeAll { $0 === query }
            waitingForFile.removeAll { $0 === query }
        }
    }

    // MARK: Answers, on the threads that have them

    fileprivate func answer(_ question: LookupQuestion) -> ResolverResult { source(question) }

    fileprivate func ended(_ lookup: UInt64, _ result: ResolverResult) {
        let hasAddresses = if case .addresses = result { true } else { false }
        lock.lock()
        let clients = table.ended(lookup, hasAddresses: hasAddresses)
        var told: [ResolverQuery] = []
        waiting.removeAll { query in
            guard clients.contains(query.number) else { return false }
            told.append(query)
            return true
        }
        lock.unlock()
        for query in told { query.tell(result) }
    }

    /// Answers all who wait for the hosts file, until nobody does.
    fileprivate func readHostsFile() {
        while true {
            lock.lock()
            let queries = waitingForFile
            let count = table.count
            waitingForFile.removeAll()
            if queries.isEmpty { isReadingFile = false }
            lock.unlock()
            if queries.isEmpty { return }
            do throws(SystemError) {
                let content = try NameService.hostsFileContent()
                for query in queries {
                    let addresses = NameService.addressesInHostsFile(query.question, content)
                    query.tell(addresses.isEmpty ? .failed(.tooManyLookups(count)) : .addresses(addresses))
                }
            } catch {
                for query in queries { query.tell(.failed(.system(code: EAI_SYSTEM, errno: error.number))) }
            }
        }
    }

    private func fileThreadFailed(_ error: SystemError) {
        lock.lock()
        let queries = waitingForFile
        waitingForFile.removeAll()
        isReadingFile = false
        lock.unlock()
        for query in queries { query.tell(.failed(.noThread(error))) }
    }

    // MARK: Fork

    func forkPrepares() { lock.lock() }

    /// The child has none of the threads, and none of those who asked.
    func forkEnded(inChild: Bool) {
        if inChild {
            table = LookupTable()
            // Not freed: what they hold belongs to the parent's loop.
            for query in waiting + waitingForFile { _ = Unmanaged.passRetained(query) }
            waiting = []
            waitingForFile = []
            isReadingFile = false
        }
        lock.unlock()
    }
}

/// A look-up's thread.
private final class Lookup: ThreadBody {
    private let number: UInt64
    private let question: LookupQuestion
    private let resolver: Resolver

    init(number: UInt64, question: LookupQuestion, resolver: Resolver) {
        self.number = number
        self.question = question
        self.resolver = resolver
    }

    func runOnThread() {
        resolver.ended(number, resolver.answer(question))
    }
}

private final class HostsFileLookup: ThreadBody {
    private let resolver: Resolver

    init(_ resolver: Resolver) {
        self.resolver = resolver
    }

    func runOnThread() {
        resolver.readHostsFile()
    }
}

/// One question to the resolver.
final class ResolverQuery: LoopTask, @unchecked Sendable {
    fileprivate let number: UInt64
    fileprivate let question: LookupQuestion
    private let port: UInt16
    private let loop: EventLoop
    private let resolver: Resolver
    /// Loop-bound.
    private var client: (any ResolverClient)?
    /// Written by the thread that answers, read by the loop after the task was posted: the loop's lock orders the two.
    private var result: ResolverResult?

    fileprivate init(
        number: UInt64, question: LookupQuestion, port: UInt16, client: any ResolverClient, loop: EventLoop,
        resolver: Resolver
    ) {
        self.number = number
        self.question = question
        self.port = port
        self.client = client
        self.loop = loop
        self.resolver = resolver
    }

    /// The client hears nothing of it any more.
    func cancel() {
        loop.assertOnLoop()
        client = nil
        resolver.cancelled(self)
    }

    /// Once, on any thread. A loop that has ended tells nobody.
    fileprivate func tell(_ result: ResolverResult) {
        self.result = result
        loop.post(self)
    }

    func runOnLoop() {
        let client = client
        self.client = nil
        guard let client, let result else { return }
        if case .addresses(var addresses) = result {
            for index in addresses.indices { addresses[index].setPort(port) }
            client.nameResolved(.addresses(addresses))
        } else {
            client.nameResolved(result)
        }
    }
}
