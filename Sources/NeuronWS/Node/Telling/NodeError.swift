// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import WebSocketCore

/// Why a call of the host failed: a status and a sentence.
enum NodeError: Error {
    case invalidArgument(String)
    case invalidSettings(String)
    case invalidJSON(String)
    case invalidGroup(String)
    case structSize(String)
    case notFound(String)
    case tooBig(String)
    case queueFull(String)
    case notSubscribed(String)
    case skipped(String)
    case system(String)
    case unsupported(String)
    case timeout(String)
    case notRunning(String)
    case wrongThread(String)
    case refused(String)
    case noMemory

    var status: neuron_ws_status_t {
        switch self {
        case .invalidArgument: .NEURON_WS_INVALID_ARGUMENT
        case .invalidSettings: .NEURON_WS_INVALID_SETTINGS
        case .invalidJSON: .NEURON_WS_INVALID_JSON
        case .invalidGroup: .NEURON_WS_INVALID_GROUP
        case .structSize: .NEURON_WS_STRUCT_SIZE
        case .notFound: .NEURON_WS_NOT_FOUND
        case .tooBig: .NEURON_WS_TOO_BIG
        case .queueFull: .NEURON_WS_QUEUE_FULL
        case .notSubscribed: .NEURON_WS_NOT_SUBSCRIBED
        case .skipped: .NEURON_WS_SKIPPED
        case .system: .NEURON_WS_SYSTEM
        case .unsupported: .NEURON_WS_UNSUPPORTED
        case .timeout: .NEURON_WS_TIMEOUT
        case .notRunning: .NEURON_WS_NOT_RUNNING
        case .wrongThread: .NEURON_WS_WRONG_THREAD
        case .refused: .NEURON_WS_REFUSED
        case .noMemory: .NEURON_WS_NO_MEMORY
        }
    }

    var text: String {
        switch self {
        case .invalidArgument(let text), .invalidSettings(let text), .invalidJSON(let text), .invalidGroup(let text),
            .structSize(let text), .notFound(let text), .tooBig(let text), .queueFull(let text),
            .notSubscribed(let text), .skipped(let text), .system(let text), .unsupported(let text),
            .timeout(let text), .notRunning(let text), .wrongThread(let text), .refused(let text):
            text
        case .noMemory: "memory is exhausted"
        }
    }
}

// MARK: What the parts of the node report

extension NodeError {
    init(_ fault: OperationAnswer.Fault) {
        self = fault.isOutOfMemory ? .noMemory : .invalidArgument(fault.text)
    }

    init(_ error: SpoolError) {
        switch error.fault {
        case .missing: self = .notFound(error.text)
        case .noMemory: self = .noMemory
        case .full, .readOnly, .denied, .ioError, .held, .newer, .other: self = .system(error.text)
        }
    }

    /// - Parameter what: could not be done, for people.
    init(_ error: SystemError, _ what: String) {
        self = error.isNoMemory ? .noMemory : .system("\(what): \(error.call): \(error.text)")
    }

    /// - Parameter queue: as it is, under the node's lock.
    init(_ refusal: SendQueue.Refusal, byteCount: Int, _ queue: borrowing SendQueue) {
        switch refusal {
        case .closed: self = Node.isOver
        case .full:
            let limits = queue.ledger.limits
            self = .queueFull(
                "\(queue.ledger.queuedCount) messages with \(queue.ledger.queuedBytes) bytes wait; the limits are "
                    + "\(limits.messagesMax) (queue-max-messages) and \(limits.bytesMax) bytes (queue-max-bytes)")
        case .outcomesUnread:
            self = .queueFull(
                "\(queue.ledger.unreadRuns) outcomes of earlier messages wait to be read by neuron_ws_node_next_event")
        case .tooBigForCache:
            self = .tooBig(
                "the message has \(byteCount) bytes, the whole cache \(queue.diskBytes) (setting cache-disk-size)")
        }
    }

    init(_ error: SettingsError) { self = error.isOutOfMemory ? .noMemory : .invalidSettings(error.text) }

    init(_ error: TLSConfigurationError) { self.init(SettingsError(error)) }

    /// - Parameter what: is no JSON, with a colon behind it; "": what the caller gave.
    init(_ error: JSONError, _ what: String = "") {
        self = error.isOutOfMemory ? .noMemory : .invalidJSON(what + error.text)
    }

    init(_ error: URLError) { self = .invalidSettings("the URL cannot be used: \(error.text)") }

    /// - Parameter what: cannot be sent in a header, with a colon behind it; "": the header that the caller gave.
    init(_ error: HeaderError, _ what: String = "") { self = .invalidArgument(what + error.text) }

    init(_ error: JSONPointer.Fault) { self = .invalidArgument("`match_member` \(error.text)") }

    init(_ error: StructSizeError) { self = .structSize(error.text) }

    init(_ error: EncodingError) {
        switch error {
        case .invalidGroup(let text): self = .invalidGroup(text)
        case .invalidJSON(let text): self = .invalidJSON(text)
        case .invalidTemplate(let text): self = .invalidSettings(text)
        case .tooBig(let text): self = .tooBig(text)
        case .structSize(let text): self = .structSize(text)
        case .invalidOptions(let text): self = .invalidSettings(text)
        case .noMemory: self = .noMemory
        }
    }

    init(_ error: GroupDocumentError) {
        switch error.kind {
        case .invalidJSON: self = .invalidJSON(error.text)
        case .invalidGroup: self = .invalidGroup(error.text)
        case .tooBig: self = .tooBig(error.text)
        case .noMemory: self = .noMemory
        }
    }

    init(_ error: SubscriptionError, _ driver: Node.Name, _ group: Node.Name?) {
        switch error {
        case .invalidName:
            self = .invalidArgument(
                "a driver's or group's name has 1 to \(SubscriptionTable.nameBytesMax) bytes and no control "
                    + "characters, and \"*\" cannot be renamed")
        case .tooMany:
            self = .tooBig("there are \(SubscriptionTable.countMax) subscriptions already, which is the most")
        case .noMemory: self = .noMemory
        case .notFound:
            let driver = ForeignText(driver).shown(charactersMax: 64)
            let group = group.map { ", group \"\(ForeignText($0).shown(charactersMax: 64))\"" } ?? ""
            self = .notFound("there is no subscription of driver \"\(driver)\"\(group)")
        }
    }
}

extension SettingsError {
    init(_ error: TLSConfigurationError) {
        self.init(key: error.key, text: "\"\(error.key)\": \(error.detail)", isOutOfMemory: error.isOutOfMemory)
    }
}
