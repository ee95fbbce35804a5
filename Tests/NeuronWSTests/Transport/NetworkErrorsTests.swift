// SPDX-License-Identifier: Apache-2.0
import CLinux
import NodeCore
import Testing

@testable import NeuronWS

@Suite struct NetworkErrorsTests {
    private let target = ConnectTarget(host: "plant.example", port: 443)

    private func connecting(
        _ number: Int32, _ target: ConnectTarget, _ call: StaticString = "connect", to address: String = "192.0.2.7"
    ) throws -> TransportError {
        let address = try #require(SocketAddress(literal: address, port: target.port))
        return .connecting(
            target, [ConnectFailure(address: address, error: SystemError(number: number, call: call))])
    }

    /// Whatever the kernel can say to these calls has a sentence of its own, not only the kernel's word.
    @Test(arguments: [
        EACCES, EPERM, EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT, ECONNREFUSED, ECONNRESET, ECONNABORTED, EHOSTDOWN,
        EHOSTUNREACH, EINVAL, EMFILE, EMSGSIZE, ENETDOWN, ENETUNREACH, ENFILE, ENOBUFS, ENODEV, ENOMEM, ENONET,
        ENOPROTOOPT, ENOSPC, EOPNOTSUPP, EPROTO, EPROTONOSUPPORT, ETIMEDOUT,
    ])
    func eachErrnoOfConnectHasASentence(number: Int32) throws {
        let error = try connecting(number, target)
        #expect(error.systemErrno == number)
        #expect(error.detail.hasPrefix("cannot connect to plant.example:443: "))
        #expect(!error.detail.contains("(connect)"), "\(error.detail)")
        #expect(error.detail.contains("; tried 192.0.2.7:443"))
    }

    @Test(arguments: [
        EACCES, EPERM, ECONNABORTED, ECONNREFUSED, ECONNRESET, EHOSTDOWN, EHOSTUNREACH, EINVAL, EMSGSIZE, ENETDOWN,
        ENETUNREACH, ENOBUFS, ENODEV, ENOMEM, ENONET, ENOPROTOOPT, EOPNOTSUPP, EPIPE, EPROTO, ETIMEDOUT,
    ])
    func eachErrnoOfAConnectionHasASentence(number: Int32) {
        for call: StaticString in ["send", "recv"] {
            let error = TransportError.network(SystemError(number: number, call: call), target)
            #expect(error.systemErrno == number)
            #expect(!error.detail.contains("failed in"), "\(error.detail)")
        }
    }

    @Test func anUnknownErrnoIsTheKernelsWord() throws {
        #expect(
            try connecting(EXDEV, target).detail
                == "cannot connect to plant.example:443: Invalid cross-device link (connect); tried 192.0.2.7:443")
        #expect(
            TransportError.network(SystemError(number: 4_000, call: "send"), target).detail
                == "the connection to plant.example:443 failed in send: error 4000")
    }

    @Test func theCallDecidesWhatAnErrnoMeans() throws {
        func what(_ number: Int32, _ call: StaticString, to address: String = "192.0.2.7") throws -> String {
            var target = target
            target.sourceAddress = "192.0.2.1"
            target.bindInterface = "eth7"
            return try connecting(number, target, call, to: address).detail
        }
        #expect(try what(EINVAL, "connect").contains("a route of type blackhole"))
        #expect(try what(EINVAL, "connect", to: "fe80::1").contains("no interface is named"))
        #expect(try what(EINVAL, "connect", to: "fe80::1%lo").contains("a route of type blackhole"))
        #expect(try what(EINVAL, "bind").contains("(source-address)"))
        #expect(try what(EINVAL, "setsockopt").contains("Invalid argument (setsockopt)"))
        #expect(try what(EACCES, "connect").contains("a firewall"))
        #expect(try what(EACCES, "socket").contains("this host does not permit"))
        #expect(try what(EPERM, "connect").contains("outgoing packets"))
        #expect(try what(EPERM, "setsockopt").contains("(bind-interface)"))
        #expect(try what(EADDRNOTAVAIL, "bind").contains("(source-address)"))
        #expect(try what(EADDRNOTAVAIL, "connect").contains("no local address or port is left"))
        #expect(try what(ENODEV, "setsockopt").contains("no network interface eth7"))
        #expect(try what(ENETUNREACH, "connect").contains("whether eth7 leads there (bind-interface)"))
        #expect(try what(ENOPROTOOPT, "connect").contains("a firewall"))
        #expect(try what(ENOPROTOOPT, "setsockopt").contains("Protocol not available (setsockopt)"))
    }

    @Test func manyAddressesDoNotFillTheText() throws {
        let address = try #require(SocketAddress(literal: "192.0.2.7", port: 443))
        let failure = ConnectFailure(address: address, error: SystemError(number: ECONNREFUSED, call: "connect"))
        let error = TransportError.connecting(target, Array(repeating: failure, count: 1_000))
        #expect(error.detail.hasSuffix("192.0.2.7:443 and 992 more"))
        #expect(error.detail.utf8.count < 600)
    }

    @Test func aSourceAddressOfTheOtherVersionIsNamed() throws {
        let server = try BlockingServer { $0.write("x") }
        var target = ConnectTarget(host: "127.0.0.1", port: server.port)
        target.sourceAddress = "::1"
        let error = try StreamHarness.end(target).error
        #expect(
            error?.detail.hasSuffix(
                "it has addresses of IP version 4 only, and the source address ::1 is not one "
                    + "of those (source-address)") == true)
        server.stop()
    }

    // MARK: Names

    private func resolving(_ failure: ResolverFailure) -> String {
        TransportError.resolving(target, failure).detail
    }

    @Test(arguments: [
        EAI_AGAIN, EAI_NONAME, EAI_FAIL, EAI_MEMORY, EAI_SYSTEM, EAI_OVERFLOW, ResolverFailure.noData,
        ResolverFailure.addressFamily,
    ])
    func eachCodeOfTheResolverHasASentence(code: Int32) {
        let text = resolving(.system(code: code, errno: code == EAI_SYSTEM ? EMFILE : 0))
        let isOurs = code == EAI_SYSTEM || code == EAI_MEMORY
        let outcome = isOurs ? "could not be looked up" : "has no address"
        #expect(text.hasPrefix("the name plant.example \(outcome) ("))
        #expect(!text.contains("error \(code)"))
    }

    @Test func theAdviceFitsTheCode() {
        #expect(resolving(.system(code: EAI_AGAIN, errno: 0)).contains("no name server answered"))
        #expect(resolving(.system(code: EAI_NONAME, errno: 0)).contains("check the spelling"))
        #expect(resolving(.system(code: ResolverFailure.noData, errno: 0)).contains("ip-version"))
        #expect(resolving(.system(code: EAI_SYSTEM, errno: EMFILE)).contains("Too many open files"))
        #expect(resolving(.system(code: EAI_SYSTEM, errno: EACCES)).contains("Permission denied"))
        #expect(resolving(.system(code: -77, errno: 0)).contains("error -77"))
        #expect(resolving(.tooManyLookups(64)).contains("64 other names are being looked up (at most 64 at once)"))
        #expect(resolving(.noThread(SystemError(number: EAGAIN, call: "pthread_create"))).contains("no thread for it"))
    }
}
