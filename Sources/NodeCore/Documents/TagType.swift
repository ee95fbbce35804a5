// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import WebSocketCore

/// The types of tags by the names they have in documents.
public enum TagType {
    private static let names: [(StaticString, neuron_ws_type_t)] = [
        ("INT8", .NEURON_WS_TYPE_INT8), ("UINT8", .NEURON_WS_TYPE_UINT8), ("INT16", .NEURON_WS_TYPE_INT16),
        ("UINT16", .NEURON_WS_TYPE_UINT16), ("INT32", .NEURON_WS_TYPE_INT32), ("UINT32", .NEURON_WS_TYPE_UINT32),
        ("INT64", .NEURON_WS_TYPE_INT64), ("UINT64", .NEURON_WS_TYPE_UINT64), ("FLOAT", .NEURON_WS_TYPE_FLOAT),
        ("DOUBLE", .NEURON_WS_TYPE_DOUBLE), ("BIT", .NEURON_WS_TYPE_BIT), ("BOOL", .NEURON_WS_TYPE_BOOL),
        ("STRING", .NEURON_WS_TYPE_STRING), ("BYTES", .NEURON_WS_TYPE_BYTES), ("ERROR", .NEURON_WS_TYPE_ERROR),
        ("WORD", .NEURON_WS_TYPE_WORD), ("DWORD", .NEURON_WS_TYPE_DWORD), ("LWORD", .NEURON_WS_TYPE_LWORD),
        ("PTR", .NEURON_WS_TYPE_PTR), ("TIME", .NEURON_WS_TYPE_TIME),
        ("DATA_AND_TIME", .NEURON_WS_TYPE_DATA_AND_TIME), ("ARRAY_CHAR", .NEURON_WS_TYPE_ARRAY_CHAR),
        ("ARRAY_INT8", .NEURON_WS_TYPE_ARRAY_INT8), ("ARRAY_UINT8", .NEURON_WS_TYPE_ARRAY_UINT8),
        ("ARRAY_INT16", .NEURON_WS_TYPE_ARRAY_INT16), ("ARRAY_UINT16", .NEURON_WS_TYPE_ARRAY_UINT16),
        ("ARRAY_INT32", .NEURON_WS_TYPE_ARRAY_INT32), ("ARRAY_UINT32", .NEURON_WS_TYPE_ARRAY_UINT32),
        ("ARRAY_INT64", .NEURON_WS_TYPE_ARRAY_INT64), ("ARRAY_UINT64", .NEURON_WS_TYPE_ARRAY_UINT64),
        ("ARRAY_FLOAT", .NEURON_WS_TYPE_ARRAY_FLOAT), ("ARRAY_DOUBLE", .NEURON_WS_TYPE_ARRAY_DOUBLE),
        ("ARRAY_BOOL", .NEURON_WS_TYPE_ARRAY_BOOL), ("ARRAY_STRING", .NEURON_WS_TYPE_ARRAY_STRING),
        ("CUSTOM", .NEURON_WS_TYPE_CUSTOM),
    ]

    /// The type of this name, in capitals or not; nil if there is none.
    public static func named(_ name: UnsafeRawBufferPointer) -> neuron_ws_type_t? {
        for (known, type) in names where known.utf8CodeUnitCount == name.count {
            var isSame = true
            for (index, byte) in name.enumerated() {
                if ASCII.uppercased(byte) != known.utf8Start[index] { isSame = false }
            }
            if isSame { return type }
        }
        return nil
    }

    /// The type's name; "?" for a number that is none.
    public static func name(_ type: neuron_ws_type_t) -> StaticString {
        for (known, candidate) in names where candidate.rawValue == type.rawValue { return known }
        return "?"
    }
}
