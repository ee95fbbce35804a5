// SPDX-License-Identifier: Apache-2.0
extension NodeMachine {
    /// The settings that concern time, and how many URLs there are. Nanoseconds.
    public struct Parameters: Equatable, Sendable {
        public var connectTimeout: UInt64
        public var closeTimeout: UInt64
        public var pingInterval: UInt64
        public var pingTimeout: UInt64
        public var reconnectMinimum: UInt64
        public var reconnectMaximum: UInt64
        public var urlCount: Int

        public init(
            connectTimeout: UInt64, closeTimeout: UInt64, pingInterval: UInt64, pingTimeout: UInt64,
            reconnectMinimum: UInt64, reconnectMaximum: UInt64, urlCount: Int
        ) {
            self.connectTimeout = connectTimeout
            self.closeTimeout = closeTimeout
            self.pingInterval = pingInterval
            self.pingTimeout = pingTimeout
            self.reconnectMinimum = reconnectMinimum
            self.reconnectMaximum = reconnectMaximum
            self.urlCount = urlCount
        }

        var servers: ServerPool {
            ServerPool(
                count: urlCount, minimumNanoseconds: reconnectMinimum, maximumNanoseconds: reconnectMaximum)
        }
    }
}
