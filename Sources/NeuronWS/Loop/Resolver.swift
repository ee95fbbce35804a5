import CLinux

/// Which addresses of a name are wanted.
enum IPVersion: Equatable, Sendable { case any, v4, v6 }

/// What a name was resolved to.
enum ResolverResult: Sendable {
    /// At least one, in the order in which they shall be tried (RFC 6724, as the system has it).
    case addresses([SocketAddress])
    /// An `EAI_` number and its text, for example "Name or service not known".
    case failed(code: Int32, text: String)
}

/// Who asked. Loop-bound, told exactly once unless the query was cancelled before.
protocol ResolverClient: AnyObject {
    func nameResolved(_ result: ResolverResult)
}

/// Asks the system for the addresses of names without holding up the loop: `getaddrinfo` waits for name servers, so
/// each question has a thread of its own, `inFlightMax` at the same time; the others wait for their turn. Loop-bound.
final class Resolver {
    static let inFlightMax = 16
    /// `getaddrinfo` and the system's name service modules need far less.
    private static let stackBytes = 512 * 1024

    private var inFlight = 0
    private var waiting: [ResolverQuery] = []

    /// Starts a question. The client hears of it on a later turn, never within this call.
    func resolve(
        host: String, port: UInt16, version: IPVersion, loop: EventLoop, client: any ResolverClient
    ) -> ResolverQuery {
        loop.assertOnLoop()
        let query = ResolverQuery(host: host, port: port, version: version, loop: loop)
        query.client = client
        if inFlight < Self.inFlightMax {
            start(query)
        } else {
            waiting.append(query)
        }
        return query
    }

    private func start(_ query: ResolverQuery) {
        inFlight += 1
        do throws(SystemError) {
            try Thread.start(query, name: "neuron_ws-dns", stackBytes: Self.stackBytes).detach()
        } catch {
            query.result = .failed(code: EAI_SYSTEM, text: "no thread for the resolver: \(error.text)")
            query.loop.post(query)
        }
    }

    fileprivate func finished() {
        inFlight -= 1
        while !waiting.isEmpty, inFlight < Self.inFlightMax {
            let next = waiting.removeFirst()
            // Cancelled while it waited: nobody wants to know.
            if next.client != nil { start(next) }
        }
    }
}

/// One question to the resolver.
final class ResolverQuery: @unchecked Sendable {
    fileprivate let host: String
    fileprivate let port: UInt16
    fileprivate let version: IPVersion
    fileprivate let loop: EventLoop
    /// Loop-bound.
    fileprivate var client: (any ResolverClient)?
    /// Written by the resolving thread, read by the loop after the task was posted: the loop's lock orders the two.
    fileprivate var result = ResolverResult.failed(code: EAI_FAIL, text: "not asked")

    fileprivate init(host: String, port: UInt16, version: IPVersion, loop: EventLoop) {
        self.host = host
        self.port = port
        self.version = version
        self.loop = loop
    }

    /// The client hears nothing of it any more. The thread goes on until the system answers: `getaddrinfo` cannot be
    /// interrupted.
    func cancel() {
        loop.assertOnLoop()
        client = nil
    }
}

extension ResolverQuery: ThreadBody, LoopTask {
    func runOnThread() {
        result = Self.ask(host, port, version)
        loop.post(self)
    }

    func runOnLoop() {
        loop.resolver.finished()
        let client = client
        self.client = nil
        client?.nameResolved(result)
    }

    /// `localhost` and all below it are the host itself (RFC 6761 section 6.3).
    private static func isLocal(_ host: String) -> Bool {
        let name = host.lowercased()
        return name == "localhost" || name.hasSuffix(".localhost")
    }

    private static func ask(_ host: String, _ port: UInt16, _ version: IPVersion) -> ResolverResult {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        switch version {
        case .any:
            hints.ai_family = AF_UNSPEC
            // No AAAA questions where no IPv6 is configured, and no answers that cannot be reached. Loopback addresses
            // do not count as configured, so a gateway without any network would not even find itself.
            if !isLocal(host) { hints.ai_flags = AI_ADDRCONFIG }
        case .v4: hints.ai_family = AF_INET
        case .v6: hints.ai_family = AF_INET6
        }
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, nil, &hints, &list)
        if status != 0 {
            let text =
                status == EAI_SYSTEM ? SystemError.text(Syscalls.errorNumber) : String(cString: gai_strerror(status))
            return .failed(code: status, text: text)
        }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next {
            if let address = entry.pointee.ai_addr,
                var copy = SocketAddress(copying: address, length: entry.pointee.ai_addrlen)
            {
                copy.setPort(port)
                addresses.append(copy)
            }
            next = entry.pointee.ai_next
        }
        return addresses.isEmpty
            ? .failed(code: EAI_NONAME, text: "the name has no address") : .addresses(addresses)
    }
}
