// SPDX-License-Identifier: Apache-2.0
import CLinux
import NodeCore
import WebSocketCore

/// The system's answer to a question about a name. The addresses have port 0.
enum ResolverResult: Sendable {
    /// At least one, in the order in which they shall be tried (RFC 6724, as the system has it).
    case addresses([SocketAddress])
    case failed(ResolverFailure)
}

enum ResolverFailure: Error, Equatable, Sendable {
    /// An `EAI_` number, with the errno where that is `EAI_SYSTEM`, else 0.
    case system(code: Int32, errno: Int32)
    /// So many look-ups hang already, and the hosts file does not have the name.
    case tooManyLookups(Int)
    /// pthread_create: the process may have no more threads.
    case noThread(SystemError)

    /// EAI_NODATA and EAI_ADDRFAMILY, which the C library's header shows to GNU programs only.
    static let noData: Int32 = -5
    static let addressFamily: Int32 = -9
}

/// What knows names: the system's own service (nsswitch.conf says of what it consists), and its hosts file alone.
enum NameService {
    static let hostsFile = "/etc/hosts"
    /// A longer hosts file is left to the system, 8 MiB.
    private static let hostsFileBytesMax = 8 * 1024 * 1024

    /// Waits for name servers, for as long as the system wants.
    static func ask(_ question: LookupQuestion) -> ResolverResult {
        let content: SecretBytes
        do throws(SystemError) {
            content = try hostsFileContent()
        } catch { return .failed(.system(code: EAI_SYSTEM, errno: error.number)) }
        let known = addressesInHostsFile(question, content)
        // RFC 6761 §6.3: no name server is asked for these; and the system knows no name with a dot from its file.
        if !known.isEmpty, question.isLocal || question.isAbsolute { return .addresses(known) }
        let isInHostsFile = question.version == .any && !known.isEmpty
        guard question.asksConfiguredFamiliesFirst(isInHostsFile: isInHostsFile) else {
            return ask(question, flags: 0)
        }
        let start = Clock.monotonicNanoseconds
        let first = ask(question, flags: AI_ADDRCONFIG)
        if case .addresses = first { return first }
        let spent = Clock.monotonicNanoseconds &- start
        guard LookupQuestion.asksAllFamilies(afterNanoseconds: spent) else { return first }
        return ask(question, flags: 0)
    }

    /// Empty where there is none. EMFILE, ENFILE: no descriptor is left; the system would only say that it does not
    /// know the name then.
    static func hostsFileContent() throws(SystemError) -> SecretBytes {
        do throws(SystemError) {
            return try Syscalls.readFile(hostsFile, bytesMax: hostsFileBytesMax).content
        } catch {
            if error.number == EMFILE || error.number == ENFILE { throw error }
            return ""
        }
    }

    /// What needs no name server. `localhost` and all below it are there whatever the file says (RFC 6761 §6.3).
    static func addressesInHostsFile(_ question: LookupQuestion, _ content: SecretBytes) -> [SocketAddress] {
        var addresses: [SocketAddress] = []
        for text in content.withBytes({ HostsFile.addresses(of: question.host, in: $0) }) {
            guard let address = SocketAddress(literal: text, port: 0) else { continue }
            if question.version == .any || address.isIPv6 == (question.version == .v6) { addresses.append(address) }
        }
        guard addresses.isEmpty, question.isLocal else { return addresses }
        let loopback = [question.version == .v4 ? nil : "::1", question.version == .v6 ? nil : "127.0.0.1"]
        return loopback.compactMap { $0 }.compactMap { SocketAddress(literal: $0, port: 0) }
    }

    private static func ask(_ question: LookupQuestion, flags: Int32) -> ResolverResult {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = flags
        hints.ai_family =
            switch question.version {
            case .any: AF_UNSPEC
            case .v4: AF_INET
            case .v6: AF_INET6
            }
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(question.host, nil, &hints, &list)
        if status != 0 {
            return .failed(.system(code: status, errno: status == EAI_SYSTEM ? Syscalls.errorNumber : 0))
        }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next {
            if let address = entry.pointee.ai_addr,
                let copy = SocketAddress(copying: address, length: entry.pointee.ai_addrlen)
            {
                addresses.append(copy)
            }
            next = entry.pointee.ai_next
        }
        return addresses.isEmpty ? .failed(.system(code: EAI_NONAME, errno: 0)) : .addresses(addresses)
    }
}
