// SPDX-License-Identifier: Apache-2.0
import CLinux
import Testing

@testable import NeuronWS

/// A listening socket that nobody accepts from, its queue full: the kernel drops further SYNs, as if nobody were there.
final class FullListener {
    let port: UInt16
    private var descriptors: [Int32] = []

    init(address: String = "127.0.0.1") throws {
        let local = try #require(SocketAddress(literal: address, port: 0))
        let listener = try Syscalls.streamSocket(family: local.family)
        try Syscalls.bind(listener, local)
        try #require(listen(listener, 0) == 0)
        let bound = try #require(Syscalls.localAddress(listener))
        port = bound.port
        descriptors.append(listener)
        for _ in 0..<4 {
            let filler = try Syscalls.streamSocket(family: local.family)
            descriptors.append(filler)
            _ = try Syscalls.connect(filler, bound)
        }
    }

    func stop() {
        for descriptor in descriptors { Syscalls.close(descriptor) }
        descriptors = []
    }
}
