// SPDX-License-Identifier: Apache-2.0
/// What of that which host threads bring may be taken now: messages and commands. One rule: what is pushed or asked
/// after a configure goes to the new server, though the loop has not seen the new settings yet. While there is a
/// connection, or an attempt at one, it waits where it is; who looks at the wishes looks at it next.
extension HostWishes {
    private func holdsBack(isLinked: Bool) -> Bool { isLinked && reconnects }

    /// What waits in the mailbox; nil: nothing of it may be taken.
    /// - Parameters:
    ///   - isLinked: there is a connection, or an attempt at one.
    ///   - opensCache: as of `SendQueue.takeMail`.
    public func takeMail(from queue: inout SendQueue, isLinked: Bool, opensCache: Bool = true) -> TakenMail? {
        holdsBack(isLinked: isLinked) ? nil : queue.takeMail(opensCache: opensCache)
    }

    /// The same for the disk, where nobody sends it: at its pace.
    /// - Parameters:
    ///   - isLeftToSender: whoever sends has sent all that there was.
    ///   - isLast: the session ends.
    public func takeMailThatWaits(
        from queue: inout SendQueue, _ pace: inout MailPace, isLinked: Bool, isLeftToSender: Bool, isLast: Bool,
        opensCache: Bool, syncInterval: UInt64, now: UInt64
    ) -> TakenMail? {
        if isLeftToSender || holdsBack(isLinked: isLinked) {
            pace.isLeftToSender()
            return nil
        }
        let isOpened = queue.cacheOpened != nil
        let hasMail = queue.hasMail(opensCache: opensCache)
        guard
            pace.takes(
                now: now, syncInterval: syncInterval, isUrgent: queue.ledger.isHalfFull || isOpened,
                isEnding: isLast && !isOpened, hasMail: hasMail)
        else { return nil }
        return queue.takeMail(opensCache: opensCache)
    }

    /// The same where all is wanted on disk at once: what may not be taken yet is wanted when these are looked at.
    public mutating func takeMailToStore(
        from queue: inout SendQueue, isLinked: Bool, opensCache: Bool
    ) -> TakenMail? {
        if holdsBack(isLinked: isLinked) { store() }
        return takeMail(from: &queue, isLinked: isLinked, opensCache: opensCache)
    }

    /// Little room is left, and what was taken is to make some: not while newer ones wait, of which nobody knows yet
    /// what they supersede.
    public func wantsRoom(in queue: borrowing SendQueue, isLinked: Bool) -> Bool {
        queue.ledger.lacksRoom && !holdsBack(isLinked: isLinked)
    }

    /// The next command for the connection; nil: there is none, or it may not go out on this one.
    public func takeCommand(from commands: CommandTable) -> (id: UInt64, command: Command)? {
        holdsBack(isLinked: true) ? nil : commands.takeNext()
    }

    /// Some wait that may go out on the connection.
    public func hasCommand(in commands: CommandTable) -> Bool {
        commands.hasWaiting && !holdsBack(isLinked: true)
    }
}
