// SPDX-License-Identifier: Apache-2.0
/// Why a document is no group.
public struct GroupDocumentError: Error, Equatable, Sendable {
    /// Which status it becomes.
    public enum Kind: Sendable {
        /// No JSON, or not of a group's form: NEURON_WS_INVALID_JSON.
        case invalidJSON
        /// A group that cannot be: a name or a value out of range: NEURON_WS_INVALID_GROUP.
        case invalidGroup
        /// Past a limit: NEURON_WS_TOO_BIG.
        case tooBig
        /// There is no memory to read it: NEURON_WS_NO_MEMORY.
        case noMemory
    }

    public let kind: Kind
    /// For people: names the tag, its value and its type where one is at fault.
    public let text: String

    public init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }

    static var noMemory: GroupDocumentError { GroupDocumentError(.noMemory, "memory is exhausted") }

    /// What was asked for, unless there was no memory for it.
    static func given<Memory>(_ memory: Memory?) throws(GroupDocumentError) -> Memory {
        guard let memory else { throw .noMemory }
        return memory
    }
}
