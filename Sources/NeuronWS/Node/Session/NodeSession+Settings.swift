// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

/// New settings.
extension NodeSession {
    func tellWarnings() {
        for warning in configuration.warnings {
            node.log(.NEURON_WS_LOG_WARN, .NEURON_WS_CATEGORY_SETTINGS, warning + ".")
        }
    }

    /// - Parameter reconnects: what concerns a connection has changed, of whatever URL.
    /// - Returns: whether there is a new connection.
    func configured(_ new: Configuration, reconnects: Bool, now: UInt64) -> Bool {
        run.failures = ServerFailures()
        link?.connection.setFragmentBytesMax(new.fragmentBytesMax)
        // The rest of the compression's settings concerns the connection, and comes with a new one.
        if let compression = new.settings.compression {
            link?.connection.setCompressThreshold(bytes: compression.thresholdBytes)
        }
        let hasNewHeartbeat = new.settings.heartbeat != configuration.settings.heartbeat
        let old = configuration
        configuration = new
        cache.settings = new.cacheSettings
        if link?.openSince != nil { goLive() }
        let kept = reconnects ? placeOfPresent(in: new.settings, old.settings) : nil
        let reconnects = reconnects && kept == nil
        if reconnects { backlog.serversChanged(&echoWatch) }
        link?.stream?.configure(
            noDelay: new.settings.tcpNoDelay,
            userTimeoutMilliseconds: Int(new.settings.userTimeoutMilliseconds))
        rescheduleRequests()
        if let kept {
            link?.attempt.urlIndex = kept
            status.urlIndex = kept
            node.lock.withLock { node.status.urlIndex = kept }
            let places = new.settings.places(in: old.settings)
            machine.configured(new.machineParameters, urlIndex: kept, places: places, now: now)
            perform(.none)
        } else {
            perform(machine.configured(new.machineParameters, reconnects: reconnects, now: now))
        }
        if !reconnects, let link, link.openSince != nil, hasNewHeartbeat { beginHeartbeats(link) }
        return reconnects
    }

    /// Where the open connection's URL stands in new settings, which change other URLs only; nil: it cannot stay.
    private func placeOfPresent(in new: NodeSettings, _ old: NodeSettings) -> Int? {
        guard machine.isOpen, let link, link.openSince != nil else { return nil }
        return new.place(of: link.attempt.urlIndex, in: old)
    }
}
