// SPDX-License-Identifier: Apache-2.0
/// Which look-ups of names are under way in the process and who waits for which.
///
/// A look-up cannot be interrupted and holds a thread until the system answers, with silent name servers half a minute
/// and more. So nobody waits for another one's name; who wants the same name shares the look-up, but not for ever,
/// since the system learns of new name servers only with a new one; and past a fixed number the answer comes at once,
/// from the hosts file alone.
///
/// `0 <= count <= lookupsMax`, and each client waits for at most one look-up.
public struct LookupTable: Sendable {
    /// Look-ups at the same time, each with a thread: 64. A hanging one costs about 40 KB.
    public static let lookupsMax = 64
    /// While at least so many run, no name gets a second one: 32. The rest is kept for names that have none.
    public static let secondLookupsMax = 32
    /// A look-up that runs for longer is not shared any more where a second one can be started, 5 s: the time after
    /// which the system itself asks the next name server (resolv.conf's timeout).
    public static let patienceNanoseconds: UInt64 = 5_000_000_000

    /// What comes of a question.
    public enum Verdict: Equatable, Sendable {
        /// A thread asks the system.
        case start(lookup: UInt64)
        /// One that is under way will answer.
        case share(lookup: UInt64)
        /// Too many are under way: only the hosts file is asked.
        case askHostsFile
    }

    private struct Lookup {
        let number: UInt64
        let question: LookupQuestion
        let started: UInt64
        var clients: [UInt64]
    }

    /// The oldest first.
    private var lookups: [Lookup] = []
    private var lastNumber: UInt64 = 0

    public init() {}

    /// Look-ups under way, those included for which nobody waits any more.
    public var count: Int { lookups.count }

    /// `client` is a number that does not wait yet. `now` is monotonic.
    public mutating func asked(_ question: LookupQuestion, by client: UInt64, now: UInt64) -> Verdict {
        var running = 0
        var youngest: Int?
        for index in lookups.indices where lookups[index].question == question {
            running += 1
            youngest = index
        }
        if let youngest {
            let isFresh = now &- lookups[youngest].started < Self.patienceNanoseconds
            if isFresh || running > 1 || lookups.count >= Self.secondLookupsMax {
                lookups[youngest].clients.append(client)
                return .share(lookup: lookups[youngest].number)
            }
        } else if lookups.count >= Self.lookupsMax {
            return .askHostsFile
        }
        lastNumber &+= 1
        lookups.append(Lookup(number: lastNumber, question: question, started: now, clients: [client]))
        return .start(lookup: lastNumber)
    }

    /// The client does not want to know any more. The look-up goes on; the next one who asks may have its answer.
    public mutating func cancelled(_ client: UInt64) {
        for index in lookups.indices { lookups[index].clients.removeAll { $0 == client } }
    }

    /// The system has answered. Returns who is to be told: if there are addresses, also those who wait for another
    /// look-up of the same name.
    public mutating func ended(_ lookup: UInt64, hasAddresses: Bool) -> [UInt64] {
        guard let place = lookups.firstIndex(where: { $0.number == lookup }) else { return [] }
        let ended = lookups.remove(at: place)
        var clients = ended.clients
        if hasAddresses {
            for index in lookups.indices where lookups[index].question == ended.question {
                clients += lookups[index].clients
                lookups[index].clients.removeAll()
            }
        }
        return clients
    }
}
