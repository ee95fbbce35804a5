import CNeuronWS
import NodeCore

extension Node {
    typealias Name = UnsafeRawBufferPointer

    func subscribe(driver: Name, group: Name, parameters: UnsafeRawBufferPointer?) throws(NodeError) {
        var parsed = SubscriptionParameters.none
        if let parameters {
            do throws(JSONError) {
                parsed = try SubscriptionParameters.parse(json: parameters)
            } catch { throw error.isOutOfMemory ? .noMemory : .invalidJSON(error.text) }
        }
        lock.lock()
        defer { lock.unlock() }
        let encoding = configuration.settings.encoding(for: parsed)
        do throws(SubscriptionError) {
            try subscriptions.subscribe(driver: driver, group: group, parameters: parsed, encoding: encoding)
        } catch { throw NodeError(error, driver, group) }
    }

    /// `group` nil: all of the driver's.
    func unsubscribe(driver: Name, group: Name?) throws(NodeError) {
        lock.lock()
        defer { lock.unlock() }
        do throws(SubscriptionError) {
            try subscriptions.unsubscribe(driver: driver, group: group)
        } catch { throw NodeError(error, driver, group) }
    }

    func rename(driver: Name, to newDriver: Name) throws(NodeError) {
        lock.lock()
        defer { lock.unlock() }
        do throws(SubscriptionError) {
            try subscriptions.rename(driver: driver, to: newDriver)
        } catch { throw NodeError(error, driver, nil) }
    }

    func rename(driver: Name, group: Name, to newGroup: Name) throws(NodeError) {
        lock.lock()
        defer { lock.unlock() }
        do throws(SubscriptionError) {
            try subscriptions.rename(driver: driver, group: group, to: newGroup)
        } catch { throw NodeError(error, driver, group) }
    }
}

extension NodeError {
    fileprivate init(_ error: SubscriptionError, _ driver: Node.Name, _ group: Node.Name?) {
        switch error {
        case .invalidName:
            self = .invalidArgument(
                "a driver's or group's name has 1 to \(SubscriptionTable.nameBytesMax) bytes and no control "
                    + "characters, and \"*\" cannot be renamed")
        case .tooMany:
            self = .tooBig("there are \(SubscriptionTable.countMax) subscriptions already, which is the most")
        case .notFound:
            let driver = String(decoding: driver, as: UTF8.self)
            let group = group.map { ", group \"\(String(decoding: $0, as: UTF8.self))\"" } ?? ""
            self = .notFound("there is no subscription of driver \"\(driver)\"\(group)")
        }
    }
}
