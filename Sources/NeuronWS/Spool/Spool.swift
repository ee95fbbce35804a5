// SPDX-License-Identifier: Apache-2.0
import NodeCore

/// The thread on which a node's messages go to disk and come back: never that of a push, nor the loop's. The file is
/// opened and closed on it too: signals are blocked there, so that the process's limit on the size of files (SIGXFSZ)
/// is an error like others, whose signal would end a host that does not expect it.
///
/// One piece of work at a time. Any thread, as `MessageCache` asks for it.
final class Spool: ThreadBody, @unchecked Sendable {
    /// SQLite needs little.
    private static let stackBytes = 512 * 1024

    /// Caches that are open in this process, by their files.
    private static let openLock = Lock()
    nonisolated(unsafe) private static var openPaths: [String] = []

    let file: SpoolFile
    /// Of numbers, and the next of them, for a new file.
    private let stream: UInt64
    private let firstNumber: UInt64
    private let takesStream: Bool
    /// Of the spool's thread, once it is open.
    private var store: SpoolStore?
    private var thread: Thread?

    private let lock = Lock()
    private let changed = Condition()
    // Under the lock.
    private var work: SpoolWork?
    private var isAtWork = false
    private var result: SpoolResult?
    private var error: SpoolError?
    private var notice: String?
    private var isSynced: Bool
    private var opening = Opening.underWay
    private var ends = false
    private var deletes = false
    /// What `close` was told; 0: nothing.
    private var nextNumber: UInt64 = 0
    /// Is signalled when work is done.
    private var user: LoopSource?
    private var damages: UInt64 = 0

    private enum Opening {
        case underWay, done
        case failed(SpoolError)
    }

    private init(_ file: SpoolFile, isSynced: Bool, stream: UInt64, nextNumber: UInt64, takesStream: Bool) {
        self.file = file
        self.isSynced = isSynced
        self.stream = stream
        firstNumber = nextNumber
        self.takesStream = takesStream
    }

    /// Begins a thread for a node's cache, and waits until it has opened that.
    /// - Parameters:
    ///   - stream: of numbers, for a new file.
    ///   - nextNumber: of these, for a new file.
    ///   - takesStream: so does a file without messages, though it has numbers of its own.
    static func open(
        directory: String, node: String, isSynced: Bool, stream: UInt64, nextNumber: UInt64 = 1,
        takesStream: Bool = false
    ) throws(SpoolError) -> Spool {
        let real: String
        do throws(SystemError) {
            real = try SpoolFile.directory(directory)
        } catch {
            let fault: SpoolFault =
                switch error.number {
                case SystemError.denied: .denied
                case SystemError.readOnly: .readOnly
                default: .missing
                }
            throw SpoolError(
                fault: fault, text: "the data directory \(directory) (setting data-dir): \(error.text)")
        }
        let file = SpoolFile(directory: real, node: node)
        try checkPlace(file)
        guard take(file.path) else {
            throw SpoolError(
                fault: .held,
                text: "the cache \(file.path) is held by another node of this process, or was by the one that this was "
                    + "forked from: give this node another name or data-dir, destroy that one, or fork before")
        }
        do throws(SpoolError) {
            let spool = Spool(
                file, isSynced: isSynced, stream: stream, nextNumber: nextNumber, takesStream: takesStream)
            let thread: Thread
            do throws(SystemError) {
                thread = try Thread.start(spool, name: "neuron-ws-spool", stackBytes: stackBytes)
            } catch {
                throw SpoolError(
                    fault: .noMemory, text: "the cache \(file.path): no thread could be started: \(error.text)")
            }
            spool.thread = thread
            do throws(SpoolError) {
                try spool.waitUntilOpen()
            } catch {
                thread.join()
                throw error
            }
            return spool
        } catch {
            giveBack(file.path)
            throw error
        }
    }

    private func waitUntilOpen() throws(SpoolError) {
        lock.lock()
        defer { lock.unlock() }
        while true {
            switch opening {
            case .underWay: changed.wait(lock)
            case .done: return
            case .failed(let error): throw error
            }
        }
    }

    /// On the spool's thread. - Returns: false: it failed, which `open` tells.
    private func openStore() -> Bool {
        let result: Opening
        var opened: SpoolStore?
        do throws(SpoolError) {
            opened = try SpoolStore.open(
                file, isSynced: isSynced, stream: stream, nextNumber: firstNumber, takesStream: takesStream)
            result = .done
        } catch { result = .failed(error) }
        lock.lock()
        defer { lock.unlock() }
        if let opened {
            store = opened
            notice = opened.takeDamageText()
            damages = opened.damages
            found = opened.found
        }
        opening = result
        changed.broadcast()
        return opened != nil
    }

    /// What lies there is a file, or nothing. What is no file may never end, and a link leads to somebody else's.
    static func checkPlace(_ file: SpoolFile) throws(SpoolError) {
        guard Syscalls.isTaken(file.path), Syscalls.regularFile(file.path) == nil else { return }
        throw SpoolError(
            fault: .other,
            text: "the cache \(file.path) is a link, a directory or a device in the place of a file: remove it, or set "
                + "data-dir to another directory")
    }

    /// False: a cache of this process has this file open, by this name or another. Whoever opens it in any way takes it
    /// first, because the system gives a process's locks on a file back as soon as the process closes it once.
    static func take(_ path: String) -> Bool {
        openLock.withLock {
            let file = Syscalls.regularFile(path)
            let isOpen = openPaths.contains {
                guard $0 != path else { return true }
                guard let file, let other = Syscalls.regularFile($0) else { return false }
                return file == other
            }
            if isOpen { return false }
            openPaths.append(path)
            return true
        }
    }

    /// A node's cache is opened on a thread of its own at any time: the child finds no lock that nobody gives back.
    static func forkPrepares() { openLock.lock() }
    static func forkEnded() { openLock.unlock() }

    static func giveBack(_ path: String) { openLock.withLock { openPaths.removeAll { $0 == path } } }

    /// What lay there when it was opened.
    private(set) var found = MessageCache.Found(count: 0, bytes: 0, clock: 0)

    /// As of `SpoolKeys.begin`. Before any work.
    func setFirst(_ id: UInt64, openID: UInt64) { store?.setFirst(id, openID: openID) }

    /// Deletes it, if nobody has it open, in this process or another, and it is this node's; nobody opens it here
    /// meanwhile.
    static func deleteIfFree(_ file: SpoolFile) throws(SpoolError) {
        if Syscalls.isTaken(file.path) {
            // What is another's stays, as where it is opened.
            try SpoolReader.delete(file)
        } else if take(file.path) {
            defer { giveBack(file.path) }
            try file.delete()
        }
    }

    // MARK: Work

    /// Who is signalled when work is done.
    func setUser(_ user: LoopSource?) { lock.withLock { self.user = user } }

    /// From the next piece of work on.
    func setSynced(_ isSynced: Bool) { lock.withLock { self.isSynced = isSynced } }

    func submit(_ work: consuming SpoolWork) {
        lock.lock()
        self.work = consume work
        isAtWork = true
        changed.broadcast()
        lock.unlock()
    }

    /// What has come of it; nil: nothing yet.
    func takeResult() -> SpoolResult? {
        lock.lock()
        defer { lock.unlock() }
        return result.take()
    }

    /// The same, when it has come; nil: there is none, and none will come.
    func waitForResult() -> SpoolResult? {
        lock.lock()
        defer { lock.unlock() }
        while result == nil, isAtWork { changed.wait(lock) }
        return result.take()
    }

    /// Of what was found some could not be read.
    var hasDamage: Bool { lock.withLock { damages > 0 } }

    /// Why the last work failed, and what else there is to be told, once each.
    func takeNews() -> (error: SpoolError?, notice: String?) {
        lock.lock()
        defer { lock.unlock() }
        let news = (error, notice)
        error = nil
        notice = nil
        return news
    }

    func runOnThread() {
        guard openStore() else { return }
        lock.lock()
        while true {
            if let store, let next = work.take() {
                let isSynced = isSynced
                lock.unlock()
                store.setSynced(isSynced)
                let done = store.perform(next)
                lock.lock()
                result = consume done
                isAtWork = false
                error = store.takeError() ?? error
                notice = store.takeDamageText() ?? notice
                damages = store.damages
                changed.broadcast()
                user?.signal()
                continue
            }
            if ends { break }
            changed.wait(lock)
        }
        let last = store
        store = nil
        let (deletes, nextNumber) = (deletes, nextNumber)
        lock.unlock()
        if !deletes, nextNumber > 0 { last?.setNextNumber(nextNumber) }
    }

    /// Ends the thread behind the work that is under way, and closes the file.
    /// - Parameter nextNumber: messages bear no number from this one on (setting sequence).
    /// - Returns: why it could not be deleted; nil: it was, or was not to be.
    @discardableResult
    func close(deletes: Bool = false, nextNumber: UInt64 = 0) -> SpoolError? {
        lock.lock()
        ends = true
        self.deletes = deletes
        self.nextNumber = nextNumber
        user = nil
        changed.broadcast()
        lock.unlock()
        // The file is closed before another may open it.
        thread?.join()
        thread = nil
        defer { Self.giveBack(file.path) }
        guard deletes else { return nil }
        do throws(SpoolError) { try file.delete() } catch { return error }
        return nil
    }
}
