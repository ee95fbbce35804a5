// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

extension Node {
    typealias Name = UnsafeRawBufferPointer

    func subscribe(driver: Name, group: Name, parameters: UnsafeRawBufferPointer?) throws(NodeError) {
        var parsed = SubscriptionParameters.none
        if let parameters {
            do throws(JSONError) {
                parsed = try SubscriptionParameters.parse(json: parameters)
            } catch { throw NodeError(error) }
        }
        do throws(SubscriptionError) {
            try changeSubscriptions { table, ended throws(SubscriptionError) in
                if let old = try table.subscribe(driver: driver, group: group, parameters: parsed) {
                    ended.append(old)
                }
                return true
            }
        } catch { throw NodeError(error, driver, group) }
    }

    /// `group` nil: all of the driver's.
    func unsubscribe(driver: Name, group: Name?) throws(NodeError) {
        do throws(SubscriptionError) {
            try changeSubscriptions { table, ended throws(SubscriptionError) in
                guard let group else { return try table.unsubscribeSome(driver: driver, ended: &ended) }
                if let old = try table.unsubscribe(driver: driver, group: group) { ended.append(old) }
                return true
            }
        } catch { throw NodeError(error, driver, group) }
    }

    func rename(driver: Name, to newDriver: Name) throws(NodeError) {
        do throws(SubscriptionError) {
            try changeSubscriptions { table, ended throws(SubscriptionError) in
                try table.renameSome(driver: driver, to: newDriver, ended: &ended)
            }
        } catch { throw NodeError(error, driver, nil) }
    }

    func rename(driver: Name, group: Name, to newGroup: Name) throws(NodeError) {
        do throws(SubscriptionError) {
            try changeSubscriptions { table, _ throws(SubscriptionError) in
                try table.rename(driver: driver, group: group, to: newGroup)
                return true
            }
        } catch { throw NodeError(error, driver, group) }
    }

    /// Calls `step` with the lock held, again and again until it is done, and lets others have the lock in between.
    /// What is to be freed, and making the table larger, is for the time without the lock.
    private func changeSubscriptions(
        _ step: (inout SubscriptionTable, inout [Subscription]) throws(SubscriptionError) -> Bool
    ) throws(SubscriptionError) {
        subscriptionsLock.lock()
        defer { subscriptionsLock.unlock() }
        var isDone = false
        while !isDone {
            var ended: [Subscription] = []
            var oldSlots: SubscriptionSlots?
            // Nobody else changes the table, so that it may be read without the lock.
            let grown = subscriptions.grown()
            lock.lock()
            if let grown { oldSlots = subscriptions.adopt(grown) }
            do throws(SubscriptionError) {
                isDone = try step(&subscriptions, &ended)
                lock.unlock()
            } catch {
                lock.unlock()
                throw error
            }
            withExtendedLifetime((oldSlots, ended)) {}
        }
    }
}
