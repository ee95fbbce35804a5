// SPDX-License-Identifier: Apache-2.0
import CLinux

/// What an errno of `socket`, `setsockopt`, `bind`, `connect`, `send` or `recv` means for people: what it is, and what
/// to do about it. Many are what a router or a firewall on the way sent back by ICMP (RFC 792, RFC 4443), as Linux
/// translates it; the host itself may be well.
struct NetworkFault: Equatable {
    let kind: TransportError.Kind
    /// Begins in lower case, without a full stop.
    let what: String
    /// One sentence or two, without the last full stop.
    let advice: String

    private init(_ kind: TransportError.Kind, _ what: String, _ advice: String) {
        self.kind = kind
        self.what = what
        self.advice = advice
    }

    /// nil: none of those that these calls are known to give. `address` is nil for a connection that existed.
    static func known(_ error: SystemError, _ target: ConnectTarget, _ address: SocketAddress?) -> NetworkFault? {
        if target.unixPath != nil, let fault = ofTheFile(error.number) { return fault }
        let isPreparation = ["socket", "setsockopt", "bind", "epoll_ctl"].contains { error.isOf($0) }
        return ofSettings(error, target, address) ?? (isPreparation ? nil : ofTheWay(error.number, target))
            ?? ofThisHost(error.number)
    }

    /// What is wrong with a socket of the file system (unix(7)).
    private static func ofTheFile(_ number: Int32) -> NetworkFault? {
        switch number {
        case ENOENT:
            NetworkFault(
                .connectionRefused, "there is no such file",
                "Check the path, whether the server runs, and whether this process sees the same file system "
                    + "(containers)")
        case ECONNREFUSED:
            NetworkFault(
                .connectionRefused, "nothing listens at it",
                "Either it is no socket, or its server has ended and left it behind: check whether the server runs")
        case EACCES, EPERM:
            NetworkFault(
                .network, "this process may not use it",
                "It needs the right to write it, and to pass the folders above it: look at owner and mode (ls -l)")
        case EAGAIN:
            NetworkFault(.network, "its server takes nobody now", "Too many wait there already: look at the server")
        case ENOTDIR, ELOOP:
            NetworkFault(.network, "its path leads nowhere (\(SystemError.text(number)))", "Check the path")
        default: nil
        }
    }

    /// What the settings name: an interface, an address of this host's or of the other side.
    private static func ofSettings(
        _ error: SystemError, _ target: ConnectTarget, _ address: SocketAddress?
    ) -> NetworkFault? {
        let isBind = error.isOf("bind")
        switch error.number {
        case ENODEV:
            return NetworkFault(
                .network, "there is no network interface \(target.bindInterface ?? "") (bind-interface)",
                "`ip link` lists those of this host")
        case EPERM where error.isOf("setsockopt"):
            return NetworkFault(
                .network, "this process may not choose the interface (bind-interface)",
                "It needs the right CAP_NET_RAW, before Linux 5.7 always")
        case EADDRNOTAVAIL where isBind:
            return NetworkFault(
                .network, "the source address is not one of this host (source-address)",
                "`ip address` lists those that it has; a new IPv6 address is usable only after a second or two")
        case EADDRNOTAVAIL, EADDRINUSE:
            return NetworkFault(
                .network, "no local address or port is left to come from",
                "Either this host has no address of that IP version, or too many connections go there already "
                    + "(net.ipv4.ip_local_port_range)")
        case EINVAL where isBind:
            return NetworkFault(
                .network, "the source address cannot be used as it is (source-address)",
                "An address fe80::… needs its interface behind it, for example fe80::1%eth0")
        case EINVAL where address?.isLinkLocalWithoutInterface == true:
            return NetworkFault(
                .network, "the address holds in each network anew, and no interface is named",
                "Name the interface behind it, for example fe80::1%eth0")
        default:
            return nil
        }
    }

    /// What a route, a router, a firewall or the other host says.
    private static func ofTheWay(_ number: Int32, _ target: ConnectTarget) -> NetworkFault? {
        switch number {
        case ECONNREFUSED:
            return NetworkFault(
                .connectionRefused, "connection refused",
                "Either nothing listens on port \(target.port) there, or a firewall rejects it (REJECT): check the "
                    + "port, whether the server runs, and the firewalls of both sides")
        case ETIMEDOUT:
            return NetworkFault(
                .connectTimeout, "no answer", "Check the address, and whether a firewall drops the packets")
        case ENETUNREACH, ENONET:
            return NetworkFault(
                .networkUnreachable, "network unreachable",
                "This host or a router on the way has no route there, or a firewall says so: check the network "
                    + "interface, its address, the gateway and the routes")
        case ENETDOWN:
            return NetworkFault(
                .networkUnreachable, "the network interface is down",
                "Check cable, radio link or VPN, and `ip link`")
        case EHOSTUNREACH, EHOSTDOWN:
            return NetworkFault(
                .hostUnreachable, "no route to the host",
                "Nobody has that address in its network, or a route of type unreachable or a firewall rejects it: "
                    + "check the address, whether the host is switched on, routes and firewalls")
        case EINVAL:
            return NetworkFault(
                .networkUnreachable, "a route of type blackhole leads there",
                "This host was told to send nothing there: look at `ip route get` with the address, and at what set "
                    + "that route (a VPN that is down, a routing daemon, fail2ban)")
        case EACCES:
            return NetworkFault(
                .network, "forbidden",
                "A route of type prohibit, a firewall (administratively prohibited) or a rule of this host (SELinux, "
                    + "AppArmor, IPAddressDeny of its service) does not let it pass: look at `ip route get` with the "
                    + "address, and at the firewalls")
        case EPERM:
            return NetworkFault(
                .network, "not permitted",
                "A rule for outgoing packets in this host's firewall, or IPAddressDeny of its service, forbids it")
        case ENOPROTOOPT, EPROTO, EOPNOTSUPP, EMSGSIZE:
            return NetworkFault(
                .network, "a router or a firewall on the way rejects the packets (\(SystemError.text(number)))",
                "Look for REJECT rules, and for a wrong MTU")
        default:
            return nil
        }
    }

    /// What this host lacks.
    private static func ofThisHost(_ number: Int32) -> NetworkFault? {
        switch number {
        case EMFILE:
            return NetworkFault(
                .network, "this process has no file descriptors left",
                "Raise its limit (ulimit -n, LimitNOFILE= of its service), or look for what uses them up")
        case ENFILE:
            return NetworkFault(
                .network, "this system has no file descriptors left",
                "Raise fs.file-max, or look for the process that uses them up")
        case ENOBUFS, ENOMEM:
            return NetworkFault(
                .network, "this system has no memory left for it",
                "Look at its free memory, and at net.ipv4.tcp_mem")
        case ENOSPC:
            return NetworkFault(
                .network, "this user watches too many descriptors already", "Raise fs.epoll.max_user_watches")
        case EAFNOSUPPORT, EPROTONOSUPPORT:
            return NetworkFault(
                .network, "this system does not speak that IP version",
                "IPv6 may be switched off in its kernel, or sockets be forbidden to this process "
                    + "(RestrictAddressFamilies): set ip-version, or use an address of the other version")
        case EACCES, EPERM:
            return NetworkFault(
                .network, "this host does not permit it to this process",
                "Look for a rule of SELinux, AppArmor or its service (RestrictAddressFamilies, SystemCallFilter)")
        case ECONNRESET, ECONNABORTED:
            return NetworkFault(
                .reset, "the connection was dropped while it was made",
                "The server's queue is full, or a firewall or load balancer on the way ends it")
        default:
            return nil
        }
    }
}

extension SystemError {
    /// Whether the call is of that name.
    fileprivate func isOf(_ name: StaticString) -> Bool {
        call.utf8CodeUnitCount == name.utf8CodeUnitCount
            && memcmp(call.utf8Start, name.utf8Start, name.utf8CodeUnitCount) == 0
    }
}
