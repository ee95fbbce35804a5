import CLinux

/// System errors as transport errors.
extension TransportError {
    /// A connection that existed and failed.
    static func network(_ error: SystemError, peer: String) -> TransportError {
        switch error.number {
        case ECONNRESET:
            return TransportError(
                .reset, systemErrno: error.number,
                "\(peer) reset the connection: the server, or a firewall on the way, dropped it without closing")
        case EPIPE:
            return TransportError(
                .brokenPipe, systemErrno: error.number, "\(peer) had closed the connection when data was sent")
        case ETIMEDOUT:
            return TransportError(
                .connectTimeout, systemErrno: error.number,
                "\(peer) no longer answers: what was sent was not acknowledged in time; check cable, radio link and VPN"
            )
        case ENETUNREACH, ENETDOWN:
            return TransportError(
                .networkUnreachable, systemErrno: error.number,
                "the way to \(peer) was lost (\(error.text)): check the network interface and the route")
        case EHOSTUNREACH, EHOSTDOWN:
            return TransportError(
                .hostUnreachable, systemErrno: error.number,
                "\(peer) cannot be reached any more (\(error.text)): check whether the host is switched on")
        default:
            return TransportError(
                .network, systemErrno: error.number, "the connection to \(peer) failed in \(error.call): \(error.text)")
        }
    }

    /// No address of the target could be connected to.
    static func connecting(_ target: ConnectTarget, _ failures: [ConnectFailure]) -> TransportError {
        guard let telling = failures.max(by: { weight($0.error.number) < weight($1.error.number) }) else {
            return TransportError(
                .dns, "\(target.host) has no address that may be used: check ip-version and source-address")
        }
        var tried = ""
        for failure in failures {
            if !tried.isEmpty { tried += ", " }
            tried += failure.address.text
            if failure.error != telling.error { tried += " (\(failure.error.text))" }
        }
        let number = telling.error.number
        let start = "cannot connect to \(target.text): "
        let end = "; tried \(tried)"
        switch number {
        case ECONNREFUSED:
            return TransportError(
                .connectionRefused, systemErrno: number,
                start + "connection refused. The host is there, but nothing listens on port \(target.port): "
                    + "check the port and whether the server runs" + end)
        case ETIMEDOUT:
            return TransportError(
                .connectTimeout, systemErrno: number,
                start + "no answer. Check the address, and whether a firewall drops the packets" + end)
        case ENETUNREACH, ENETDOWN:
            return TransportError(
                .networkUnreachable, systemErrno: number,
                start + "network unreachable. Check the network interface, the gateway address and the route" + end)
        case EHOSTUNREACH, EHOSTDOWN:
            return TransportError(
                .hostUnreachable, systemErrno: number,
                start + "no route to the host. Check whether it is switched on and in this network" + end)
        case EACCES, EPERM:
            return TransportError(
                .network, systemErrno: number,
                start + "\(telling.error.text). A local firewall rule or a missing right forbids it" + end)
        case ENODEV:
            return TransportError(
                .network, systemErrno: number,
                start + "there is no network interface \(target.bindInterface ?? "") (bind-interface)" + end)
        case EADDRNOTAVAIL:
            return TransportError(
                .network, systemErrno: number,
                start + "the source address is not one of this host (source-address)" + end)
        default:
            return TransportError(
                .network, systemErrno: number, start + "\(telling.error.text) (\(telling.error.call))" + end)
        }
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

    static func resolving(_ target: ConnectTarget, code: Int32, text: String) -> TransportError {
        let advice: String
        switch code {
        case EAI_AGAIN: advice = "no name server answered: check the network and /etc/resolv.conf"
        case EAI_NONAME: advice = "check the spelling, or use an IP address"
        default: advice = "check the name and the name server"
        }
        return TransportError(.dns, "the name \(target.host) has no address (\(text)): \(advice)")
    }
}
