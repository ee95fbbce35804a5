// SPDX-License-Identifier: Apache-2.0
import CLinux
import Testing

@testable import NeuronWS

@Suite struct NetworkFaultTests {
    private func fault(
        _ number: Int32, _ call: StaticString = "connect", path: String? = nil, to address: String? = "192.0.2.7"
    ) -> NetworkFault? {
        var target = ConnectTarget(host: "plant.example", port: 443)
        target.unixPath = path
        target.bindInterface = "eth7"
        return .known(
            SystemError(number: number, call: call), target,
            address.flatMap { SocketAddress(literal: $0, port: 443) })
    }

    @Test(
        arguments: [
            (ECONNREFUSED, .connectionRefused), (ETIMEDOUT, .connectTimeout), (ENETUNREACH, .networkUnreachable),
            (ENETDOWN, .networkUnreachable), (EHOSTUNREACH, .hostUnreachable), (EINVAL, .networkUnreachable),
            (EACCES, .network), (EMFILE, .network), (ECONNRESET, .reset), (ECONNABORTED, .reset),
        ] as [(Int32, TransportError.Kind)])
    func anErrnoOfTheWayIsOfAKind(number: Int32, kind: TransportError.Kind) { #expect(fault(number)?.kind == kind) }

    @Test func whatPreparesASocketSaysNothingOfTheWay() {
        #expect(fault(ECONNREFUSED, "socket") == nil)
        #expect(fault(ETIMEDOUT, "bind") == nil)
        #expect(fault(EACCES, "socket")?.what == "this host does not permit it to this process")
        #expect(fault(EINVAL, "epoll_ctl") == nil)
    }

    @Test func whatTheSettingsNameIsNamed() {
        #expect(fault(ENODEV, "setsockopt")?.what == "there is no network interface eth7 (bind-interface)")
        #expect(fault(EADDRNOTAVAIL, "bind")?.what.hasSuffix("(source-address)") == true)
        #expect(fault(EADDRNOTAVAIL)?.what == "no local address or port is left to come from")
        #expect(fault(EINVAL, to: "fe80::1")?.what.hasSuffix("no interface is named") == true)
        // A connection that existed has no address any more.
        #expect(fault(EINVAL, "send", to: nil)?.kind == .networkUnreachable)
    }

    @Test func ofAFileTheFileIsTold() {
        #expect(fault(ENOENT, path: "/run/s.sock")?.what == "there is no such file")
        #expect(fault(ECONNREFUSED, path: "/run/s.sock")?.what == "nothing listens at it")
        #expect(fault(EACCES, path: "/run/s.sock")?.what == "this process may not use it")
        #expect(fault(EAGAIN, path: "/run/s.sock")?.what == "its server takes nobody now")
        #expect(fault(ELOOP, path: "/run/s.sock")?.what.hasPrefix("its path leads nowhere") == true)
        #expect(fault(EMFILE, path: "/run/s.sock")?.what == "this process has no file descriptors left")
        #expect(fault(ENOENT) == nil)
    }

    @Test func eachHasAdvice() {
        for number in 1...133 as ClosedRange<Int32> {
            guard let fault = fault(number) else { continue }
            #expect(!fault.advice.isEmpty && !fault.advice.hasSuffix(".") && !fault.what.isEmpty, "\(number)")
        }
        #expect(fault(EXDEV) == nil)
    }
}
