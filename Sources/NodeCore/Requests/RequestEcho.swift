// SPDX-License-Identifier: Apache-2.0
/// What an answer repeats of its request, so that the server knows which one it answers.
public struct RequestEcho: Equatable, Sendable {
    /// The uuid, or an operation's id, as JSON.
    public let id: [UInt8]
    /// Nil: a request of the gateway's own kind.
    public let operation: OperationEcho?

    public init(id: [UInt8], operation: OperationEcho? = nil) {
        self.id = id
        self.operation = operation
    }
}

/// What the answer to an OpenGate operation repeats besides its id; all of it is JSON.
public struct OperationEcho: Equatable, Sendable {
    public let name: [UInt8]
    /// The request's, or the gateway's own where it names none.
    public let deviceID: [UInt8]
    /// The request's, or `[]`.
    public let path: [UInt8]

    /// Whether the operation has this name.
    func isNamed(_ operation: StandardOperation) -> Bool {
        let text = operation.name
        let inner = name.dropFirst().dropLast()
        return inner.elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// The platform's own operation of this name; nil: a custom one.
    var standard: StandardOperation? { StandardOperation.allCases.first { isNamed($0) } }
}

/// The operations that the platform defines; every other name is a custom one.
enum StandardOperation: CaseIterable {
    case refreshInfo, getDeviceParameters, setDeviceParameters, setClockEquipment, synchronizeClock, discover
    case rebootEquipment, update

    var name: StaticString {
        switch self {
        case .refreshInfo: "REFRESH_INFO"
        case .getDeviceParameters: "GET_DEVICE_PARAMETERS"
        case .setDeviceParameters: "SET_DEVICE_PARAMETERS"
        case .setClockEquipment: "SET_CLOCK_EQUIPMENT"
        case .synchronizeClock: "SYNCHRONIZE_CLOCK"
        case .discover: "DISCOVER"
        case .rebootEquipment: "REBOOT_EQUIPMENT"
        case .update: "UPDATE"
        }
    }

    /// It changes nothing: the setting allow-requests takes it for a read.
    var isRead: Bool {
        switch self {
        case .refreshInfo, .getDeviceParameters, .discover: true
        case .setDeviceParameters, .setClockEquipment, .synchronizeClock, .rebootEquipment, .update: false
        }
    }
}
