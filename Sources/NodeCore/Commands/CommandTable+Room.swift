// SPDX-License-Identifier: Apache-2.0
/// How many commands there may be: see `CommandLimits`.
extension CommandTable {
    /// Whether one more is taken. - Parameter unread: outcomes that the host has not read.
    public func hasRoom(byteCount: Int, unread: Int) -> Bool {
        count + untoldCount + unread < CommandLimits.openMax
            && (openBytes == 0 || openBytes + byteCount <= CommandLimits.bytesMax)
    }

    /// Enough is free again to tell whoever was refused.
    public func hasQuarterFree(unread: Int) -> Bool {
        (count + untoldCount + unread) * 4 <= CommandLimits.openMax * 3 && openBytes * 4 <= CommandLimits.bytesMax * 3
            && askers.count * 4 <= CommandLimits.pointersMax * 3
    }

    /// Whether there may be one more of this rule.
    public func hasRoom(for rule: Command.Rule) -> Bool {
        guard case .member(let pointer, _) = rule else { return true }
        return askers.count < CommandLimits.pointersMax || askers[pointer] != nil
    }
}
