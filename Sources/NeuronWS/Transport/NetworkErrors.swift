// SPDX-License-Identifier: Apache-2.0
import CLinux
import NodeCore

/// System errors as transport errors.
extension TransportError {
    /// Addresses that a text lists at most.
    private static let addressesShownMax = 8

    /// A connection that existed and failed.
    static func network(_ error: SystemError, _ target: ConnectTarget) -> TransportError {
        let peer = target.peerText
        func made(_ kind: Kind, _ text: String) -> TransportError {
            TransportError(kind, systemErrno: error.number, text)
        }
        switch error.number {
        case ECONNRESET:
            return made(
                .reset,
                "\(peer) reset the connection: \(target.whoResets), or a firewall on the way, dropped it without "
                    + "closing")
        case ECONNABORTED:
            return made(
                .reset,
                "this host ended the connection to \(peer): an administrator (ss -K), or the address it came "
                    + "from was taken away")
        case EPIPE:
            return made(.brokenPipe, "\(peer) had closed the connection when data was sent")
        case ETIMEDOUT:
            return made(
                .connectTimeout,
                "\(peer) no longer answers: what was sent was not acknowledged in time; check cable, radio link and VPN"
            )
        case ENETUNREACH, ENETDOWN:
            return made(
                .networkUnreachable,
                "the way to \(peer) was lost (\(error.text)): check the network interface and the route")
        case EHOSTUNREACH, EHOSTDOWN:
            return made(
                .hostUnreachable,
                "\(peer) cannot be reached any more (\(error.text)): check whether the host is switched on")
        default:
            guard let fault = NetworkFault.known(error, target, nil) else {
                return made(.network, "the connection to \(peer) failed in \(error.call): \(error.text)")
            }
            return made(fault.kind, "the connection to \(peer) failed: \(fault.what). \(fault.advice)")
        }
    }

    /// No address of the target could be connected to.
    static func connecting(_ target: ConnectTarget, _ failures: [ConnectFailure]) -> TransportError {
        guard let telling = failures.max(by: { weight($0.error.number) < weight($1.error.number) }) else {
            return TransportError(.dns, "\(target.nameText) has no address that may be used: check ip-version")
        }
        var tried = ""
        for failure in failures.prefix(addressesShownMax) {
            if !tried.isEmpty { tried += ", " }
            tried += failure.address.text
            if failure.error != telling.error { tried += " (\(failure.error.text))" }
        }
        if failures.count > addressesShownMax { tried += " and \(failures.count - addressesShownMax) more" }
        let error = telling.error
        let start = "cannot connect to \(target.text): "
        guard let fault = NetworkFault.known(error, target, telling.address) else {
            return TransportError(
                .network, systemErrno: error.number, start + "\(error.text) (\(error.call)); tried \(tried)")
        }
        return TransportError(
            fault.kind, systemErrno: error.number,
            start + "\(fault.what). \(fault.advice)\(detour(target, fault.kind)); tried \(tried)")
    }

    /// The settings that lead packets another way than the routes would.
    private static func detour(_ target: ConnectTarget, _ kind: Kind) -> String {
        guard kind == .networkUnreachable || kind == .hostUnreachable || kind == .connectTimeout else { return "" }
        if let interface = target.bindInterface { return ", and whether \(interface) leads there (bind-interface)" }
        if let source = target.sourceAddress { return ", and whether \(source) may go there (source-address)" }
        return ""
    }

    /// The source address is of one IP version, all addresses of the host are of the other.
    static func sourceOfOtherVersion(_ target: ConnectTarget, _ addresses: [SocketAddress]) -> TransportError {
        let version = addresses.first?.isIPv6 == true ? "6" : "4"
        return TransportError(
            .network, systemErrno: EADDRNOTAVAIL,
            "cannot connect to \(target.text): it has addresses of IP version \(version) only, and the source address "
                + "\(target.sourceAddress ?? "") is not one of those (source-address)")
    }

    /// How much an errno tells: an answer of the host more than one of the network, that one more than our own kernel's
    /// word that a whole address family is not there.
    private static func weight(_ number: Int32) -> Int {
        switch number {
        case ECONNREFUSED: return 6
        case ETIMEDOUT: return 5
        case EHOSTUNREACH, EHOSTDOWN: return 4
        case ENETUNREACH, ENETDOWN, EAFNOSUPPORT: return 1
        case EADDRNOTAVAIL: return 2
        default: return 3
        }
    }

    // MARK: Names

    static func resolving(_ target: ConnectTarget, _ failure: ResolverFailure) -> TransportError {
        switch failure {
        case .system(let code, let number):
            let (what, advice) = resolving(code, number)
            let outcome = code == EAI_SYSTEM || code == EAI_MEMORY ? "could not be looked up" : "has no address"
            return TransportError(
                .dns, systemErrno: number, "the name \(target.nameText) \(outcome) (\(what)): \(advice)")
        case .tooManyLookups(let count):
            return TransportError(
                .dns,
                "the name \(target.nameText) was not looked up: \(count) other names are being looked up (at most "
                    + "\(LookupTable.lookupsMax) at once), because no name server answers: check the network and "
                    + "/etc/resolv.conf, use an IP address, or enter the name in \(NameService.hostsFile)")
        case .noThread(let error):
            return TransportError(
                .dns, systemErrno: error.number,
                "the name \(target.nameText) was not looked up: there is no thread for it (\(error.text)): raise the "
                    + "limit of this process (ulimit -u, TasksMax= of its service), or look for what uses threads up")
        }
    }

    /// What an `EAI_` number means. Not gai_strerror's words: they follow the host's locale.
    private static func resolving(_ code: Int32, _ number: Int32) -> (what: String, advice: String) {
        switch code {
        case EAI_AGAIN:
            return ("no answer for now", "no name server answered: check the network and /etc/resolv.conf")
        case EAI_NONAME:
            return ("unknown name", "check the spelling, or use an IP address")
        case ResolverFailure.noData, ResolverFailure.addressFamily:
            return (
                "the name is known, but has no address of that kind",
                "check ip-version, and the name's entries in the DNS (A, AAAA)"
            )
        case EAI_FAIL:
            return ("the name server refused to answer", "check the name and the name server in /etc/resolv.conf")
        case EAI_MEMORY:
            return ("no memory", "look at this system's free memory")
        case EAI_SYSTEM where number == EMFILE || number == ENFILE:
            return (SystemError.text(number), "raise the limit (ulimit -n, fs.file-max), or look for what uses them up")
        case EAI_SYSTEM:
            return (SystemError.text(number), "check /etc/resolv.conf, /etc/nsswitch.conf and the rights to read them")
        case EAI_OVERFLOW:
            return ("the name is too long", "check the spelling")
        default:
            return ("error \(code) of the system's resolver", "check the name and the name server")
        }
    }
}
