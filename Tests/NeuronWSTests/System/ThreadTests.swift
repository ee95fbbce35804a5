// SPDX-License-Identifier: Apache-2.0
import CLinux
import Testing

@testable import NeuronWS

private final class Seen: ThreadBody, @unchecked Sendable {
    var text: String?
    var textBefore: String?
    var blocksSignals = false

    func runOnThread() {
        textBefore = ThreadText.lastError.current.map { String(cString: $0) }
        ThreadText.lastError.set("the thread's")
        ThreadText.lastError.set("the thread's second")
        text = ThreadText.lastError.current.map { String(cString: $0) }
        var mask = sigset_t()
        pthread_sigmask(SIG_BLOCK, nil, &mask)
        blocksSignals = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGUSR1) == 1
    }
}

@Suite struct ThreadTests {
    @Test func aThreadRunsItsBodyWithSignalsBlocked() throws {
        let seen = Seen()
        let thread = try Thread.start(seen, name: "test")
        #expect(!thread.isCurrent)
        thread.join()
        #expect(seen.blocksSignals)
    }
}

@Suite struct ThreadTextTests {
    @Test func eachThreadHasItsOwn() throws {
        let seen = Seen()
        ThreadText.lastError.set("the test's")
        let thread = try Thread.start(seen, name: "test")
        thread.join()
        #expect(seen.textBefore == nil)
        #expect(seen.text == "the thread's second")
        #expect(ThreadText.lastError.current.map { String(cString: $0) } == "the test's")
    }
}
