// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NeuronWS
@testable import NodeCore

/// There is one runtime, which other suites use meanwhile: what is said here holds beside them.
@Suite struct RuntimeTests {
    @Test func whoAsksWhileALoopRunsGetsThatOne() throws {
        let first = try Runtime.shared.acquireLoop()
        let second = try Runtime.shared.acquireLoop()
        #expect(first.loop === second.loop && first.maskingKeys === second.maskingKeys)
        Runtime.shared.releaseLoop()
        // It runs as long as one is left.
        var ran = false
        first.loop.perform { ran = true }
        #expect(ran)
        Runtime.shared.releaseLoop()
    }

    @Test func itsMetricsAreThoseOfTheNodesThatExist() throws {
        let settings = Array(#"{"url":"ws://127.0.0.1:1/"}"#.utf8)
        let handle = try settings.withUnsafeBytes {
            try Node.make(name: "only in RuntimeTests", settings: $0, host: HostCallbacks())
        }
        let node = Unmanaged<Node>.fromOpaque(handle.pointee.opaque).takeUnretainedValue()
        func count() -> Int { Runtime.shared.metrics().filter { $0.node == node.name }.count }
        #expect(count() == 1)
        #expect(node.destroy() && count() == 0)
        Unmanaged.passUnretained(node).release()
    }
}
