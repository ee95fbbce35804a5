// SPDX-License-Identifier: Apache-2.0
import CLinux

/// What a thread runs. The thread keeps it alive until `runOnThread` returns.
protocol ThreadBody: AnyObject, Sendable {
    func runOnThread()
}

/// The entry of every thread of ours. A global function: a closure made where an actor is would check for it.
private func threadEntry(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    let box = Unmanaged<ThreadBox>.fromOpaque(context).takeRetainedValue()
    box.body.runOnThread()
    return nil
}

private final class ThreadBox {
    let body: any ThreadBody

    init(_ body: any ThreadBody) {
        self.body = body
    }
}

/// A thread of our own. All signals are blocked in it: they belong to the host's threads.
struct Thread: @unchecked Sendable {
    private let handle: pthread_t

    /// `stackBytes` nil: the system's default. `name` has at most 15 bytes. EAGAIN: the system has no more threads.
    static func start(
        _ body: any ThreadBody, name: StaticString, stackBytes: Int? = nil
    ) throws(SystemError) -> Thread {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        if let stackBytes { pthread_attr_setstacksize(&attributes, stackBytes) }
        let context = Unmanaged.passRetained(ThreadBox(body)).toOpaque()
        // The new thread inherits the mask of its maker, so there is no moment in which a signal could reach it.
        var all = sigset_t()
        var former = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &former)
        var handle = pthread_t()
        let status = pthread_create(&handle, &attributes, threadEntry, context)
        pthread_sigmask(SIG_SETMASK, &former, nil)
        guard status == 0 else {
            Unmanaged<ThreadBox>.fromOpaque(context).release()
            throw SystemError(number: status, call: "pthread_create")
        }
        name.withUTF8Buffer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { _ = pthread_setname_np(handle, $0.baseAddress!) }
        }
        return Thread(handle: handle)
    }

    func join() {
        pthread_join(handle, nil)
    }

    func detach() {
        pthread_detach(handle)
    }

    var isCurrent: Bool {
        pthread_equal(handle, pthread_self()) != 0
    }
}
