// SPDX-License-Identifier: Apache-2.0
/// Why a group, a template or a document could not be written. The texts are sentences for people; they name the tag.
public enum EncodingError: Error, Equatable, Sendable {
    /// The group is not one that a host may hand over: names, pointers, types. NEURON_WS_INVALID_GROUP.
    case invalidGroup(String)
    /// A size or stride is none this library knows. NEURON_WS_STRUCT_SIZE.
    case structSize(String)
    /// A CUSTOM value, or an option, is no JSON. NEURON_WS_INVALID_JSON.
    case invalidJSON(String)
    /// A custom template holds what cannot be filled in. NEURON_WS_INVALID_SETTINGS.
    case invalidTemplate(String)
    /// An option has the wrong form. NEURON_WS_INVALID_SETTINGS.
    case invalidOptions(String)
    /// A count or the message is past its limit. NEURON_WS_TOO_BIG.
    case tooBig(String)
    /// Memory is exhausted. NEURON_WS_NO_MEMORY.
    case noMemory

    /// The sentence for people.
    public var text: String {
        switch self {
        case .invalidGroup(let text), .structSize(let text), .invalidJSON(let text), .invalidTemplate(let text),
            .invalidOptions(let text), .tooBig(let text):
            text
        case .noMemory: "memory is exhausted"
        }
    }
}
