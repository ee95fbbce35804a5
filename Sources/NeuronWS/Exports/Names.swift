// SPDX-License-Identifier: Apache-2.0
public import CNeuronWS

// The names of the header's numbers, as they are written there. Tests/Python/test_names.py holds them against it.

private let unknownName: StaticString = "NEURON_WS_UNKNOWN"

@c @implementation
public func neuron_ws_type_name(_ type: neuron_ws_type_t) -> UnsafePointer<CChar>? {
    let name: StaticString =
        switch type {
        case .NEURON_WS_TYPE_INT8: "NEURON_WS_TYPE_INT8"
        case .NEURON_WS_TYPE_UINT8: "NEURON_WS_TYPE_UINT8"
        case .NEURON_WS_TYPE_INT16: "NEURON_WS_TYPE_INT16"
        case .NEURON_WS_TYPE_UINT16: "NEURON_WS_TYPE_UINT16"
        case .NEURON_WS_TYPE_INT32: "NEURON_WS_TYPE_INT32"
        case .NEURON_WS_TYPE_UINT32: "NEURON_WS_TYPE_UINT32"
        case .NEURON_WS_TYPE_INT64: "NEURON_WS_TYPE_INT64"
        case .NEURON_WS_TYPE_UINT64: "NEURON_WS_TYPE_UINT64"
        case .NEURON_WS_TYPE_FLOAT: "NEURON_WS_TYPE_FLOAT"
        case .NEURON_WS_TYPE_DOUBLE: "NEURON_WS_TYPE_DOUBLE"
        case .NEURON_WS_TYPE_BIT: "NEURON_WS_TYPE_BIT"
        case .NEURON_WS_TYPE_BOOL: "NEURON_WS_TYPE_BOOL"
        case .NEURON_WS_TYPE_STRING: "NEURON_WS_TYPE_STRING"
        case .NEURON_WS_TYPE_BYTES: "NEURON_WS_TYPE_BYTES"
        case .NEURON_WS_TYPE_ERROR: "NEURON_WS_TYPE_ERROR"
        case .NEURON_WS_TYPE_WORD: "NEURON_WS_TYPE_WORD"
        case .NEURON_WS_TYPE_DWORD: "NEURON_WS_TYPE_DWORD"
        case .NEURON_WS_TYPE_LWORD: "NEURON_WS_TYPE_LWORD"
        case .NEURON_WS_TYPE_PTR: "NEURON_WS_TYPE_PTR"
        case .NEURON_WS_TYPE_TIME: "NEURON_WS_TYPE_TIME"
        case .NEURON_WS_TYPE_DATA_AND_TIME: "NEURON_WS_TYPE_DATA_AND_TIME"
        case .NEURON_WS_TYPE_ARRAY_CHAR: "NEURON_WS_TYPE_ARRAY_CHAR"
        case .NEURON_WS_TYPE_ARRAY_INT8: "NEURON_WS_TYPE_ARRAY_INT8"
        case .NEURON_WS_TYPE_ARRAY_UINT8: "NEURON_WS_TYPE_ARRAY_UINT8"
        case .NEURON_WS_TYPE_ARRAY_INT16: "NEURON_WS_TYPE_ARRAY_INT16"
        case .NEURON_WS_TYPE_ARRAY_UINT16: "NEURON_WS_TYPE_ARRAY_UINT16"
        case .NEURON_WS_TYPE_ARRAY_INT32: "NEURON_WS_TYPE_ARRAY_INT32"
        case .NEURON_WS_TYPE_ARRAY_UINT32: "NEURON_WS_TYPE_ARRAY_UINT32"
        case .NEURON_WS_TYPE_ARRAY_INT64: "NEURON_WS_TYPE_ARRAY_INT64"
        case .NEURON_WS_TYPE_ARRAY_UINT64: "NEURON_WS_TYPE_ARRAY_UINT64"
        case .NEURON_WS_TYPE_ARRAY_FLOAT: "NEURON_WS_TYPE_ARRAY_FLOAT"
        case .NEURON_WS_TYPE_ARRAY_DOUBLE: "NEURON_WS_TYPE_ARRAY_DOUBLE"
        case .NEURON_WS_TYPE_ARRAY_BOOL: "NEURON_WS_TYPE_ARRAY_BOOL"
        case .NEURON_WS_TYPE_ARRAY_STRING: "NEURON_WS_TYPE_ARRAY_STRING"
        case .NEURON_WS_TYPE_CUSTOM: "NEURON_WS_TYPE_CUSTOM"
        @unknown default: unknownName
        }
    return ConstantText(name).pointer
}

@c @implementation
public func neuron_ws_phase_name(_ phase: neuron_ws_phase_t) -> UnsafePointer<CChar>? {
    let name: StaticString =
        switch phase {
        case .NEURON_WS_PHASE_IDLE: "NEURON_WS_PHASE_IDLE"
        case .NEURON_WS_PHASE_WAITING: "NEURON_WS_PHASE_WAITING"
        case .NEURON_WS_PHASE_RESOLVING: "NEURON_WS_PHASE_RESOLVING"
        case .NEURON_WS_PHASE_CONNECTING: "NEURON_WS_PHASE_CONNECTING"
        case .NEURON_WS_PHASE_SECURING: "NEURON_WS_PHASE_SECURING"
        case .NEURON_WS_PHASE_HANDSHAKING: "NEURON_WS_PHASE_HANDSHAKING"
        case .NEURON_WS_PHASE_OPEN: "NEURON_WS_PHASE_OPEN"
        case .NEURON_WS_PHASE_CLOSING: "NEURON_WS_PHASE_CLOSING"
        case .NEURON_WS_PHASE_PROXY: "NEURON_WS_PHASE_PROXY"
        @unknown default: unknownName
        }
    return ConstantText(name).pointer
}

@c @implementation
public func neuron_ws_reason_name(_ reason: neuron_ws_reason_t) -> UnsafePointer<CChar>? {
    let name: StaticString =
        switch reason {
        case .NEURON_WS_REASON_NONE: "NEURON_WS_REASON_NONE"
        case .NEURON_WS_REASON_NORMAL: "NEURON_WS_REASON_NORMAL"
        case .NEURON_WS_REASON_ENDPOINT_SHUTDOWN: "NEURON_WS_REASON_ENDPOINT_SHUTDOWN"
        case .NEURON_WS_REASON_PROTOCOL_ERROR: "NEURON_WS_REASON_PROTOCOL_ERROR"
        case .NEURON_WS_REASON_POLICY_VIOLATION: "NEURON_WS_REASON_POLICY_VIOLATION"
        case .NEURON_WS_REASON_MESSAGE_TOO_BIG: "NEURON_WS_REASON_MESSAGE_TOO_BIG"
        case .NEURON_WS_REASON_SERVER_ERROR: "NEURON_WS_REASON_SERVER_ERROR"
        case .NEURON_WS_REASON_TRY_LATER: "NEURON_WS_REASON_TRY_LATER"
        case .NEURON_WS_REASON_ABNORMAL: "NEURON_WS_REASON_ABNORMAL"
        case .NEURON_WS_REASON_PING_TIMEOUT: "NEURON_WS_REASON_PING_TIMEOUT"
        case .NEURON_WS_REASON_NETWORK_ERROR: "NEURON_WS_REASON_NETWORK_ERROR"
        case .NEURON_WS_REASON_DNS: "NEURON_WS_REASON_DNS"
        case .NEURON_WS_REASON_CONNECT_TIMEOUT: "NEURON_WS_REASON_CONNECT_TIMEOUT"
        case .NEURON_WS_REASON_PROXY: "NEURON_WS_REASON_PROXY"
        case .NEURON_WS_REASON_TLS: "NEURON_WS_REASON_TLS"
        case .NEURON_WS_REASON_HANDSHAKE_REJECTED: "NEURON_WS_REASON_HANDSHAKE_REJECTED"
        case .NEURON_WS_REASON_STOPPED: "NEURON_WS_REASON_STOPPED"
        case .NEURON_WS_REASON_RECONFIGURED: "NEURON_WS_REASON_RECONFIGURED"
        case .NEURON_WS_REASON_APPLICATION: "NEURON_WS_REASON_APPLICATION"
        case .NEURON_WS_REASON_REFUSED_BY_HOST: "NEURON_WS_REASON_REFUSED_BY_HOST"
        case .NEURON_WS_REASON_HEARTBEAT_TIMEOUT: "NEURON_WS_REASON_HEARTBEAT_TIMEOUT"
        @unknown default: unknownName
        }
    return ConstantText(name).pointer
}

@c @implementation
public func neuron_ws_tls_failure_name(_ tls_failure: neuron_ws_tls_failure_t) -> UnsafePointer<CChar>? {
    let name: StaticString =
        switch tls_failure {
        case .NEURON_WS_TLS_NONE: "NEURON_WS_TLS_NONE"
        case .NEURON_WS_TLS_UNKNOWN_CA: "NEURON_WS_TLS_UNKNOWN_CA"
        case .NEURON_WS_TLS_SELF_SIGNED: "NEURON_WS_TLS_SELF_SIGNED"
        case .NEURON_WS_TLS_EXPIRED: "NEURON_WS_TLS_EXPIRED"
        case .NEURON_WS_TLS_NOT_YET_VALID: "NEURON_WS_TLS_NOT_YET_VALID"
        case .NEURON_WS_TLS_WRONG_NAME: "NEURON_WS_TLS_WRONG_NAME"
        case .NEURON_WS_TLS_REVOKED: "NEURON_WS_TLS_REVOKED"
        case .NEURON_WS_TLS_VERIFICATION: "NEURON_WS_TLS_VERIFICATION"
        case .NEURON_WS_TLS_CLIENT_CERTIFICATE: "NEURON_WS_TLS_CLIENT_CERTIFICATE"
        case .NEURON_WS_TLS_NOT_TLS: "NEURON_WS_TLS_NOT_TLS"
        case .NEURON_WS_TLS_PROTOCOL: "NEURON_WS_TLS_PROTOCOL"
        @unknown default: unknownName
        }
    return ConstantText(name).pointer
}

@c @implementation
public func neuron_ws_level_name(_ level: neuron_ws_level_t) -> UnsafePointer<CChar>? {
    let name: StaticString =
        switch level {
        case .NEURON_WS_LEVEL_ACCEPTED: "NEURON_WS_LEVEL_ACCEPTED"
        case .NEURON_WS_LEVEL_STORED: "NEURON_WS_LEVEL_STORED"
        case .NEURON_WS_LEVEL_WRITTEN: "NEURON_WS_LEVEL_WRITTEN"
        case .NEURON_WS_LEVEL_PEER_PARSED: "NEURON_WS_LEVEL_PEER_PARSED"
        case .NEURON_WS_LEVEL_APP_ACKED: "NEURON_WS_LEVEL_APP_ACKED"
        @unknown default: unknownName
        }
    return ConstantText(name).pointer
}

@c @implementation
public func neuron_ws_outcome_name(_ outcome: neuron_ws_outcome_t) -> UnsafePointer<CChar>? {
    let name: StaticString =
        switch outcome {
        case .NEURON_WS_DELIVERED: "NEURON_WS_DELIVERED"
        case .NEURON_WS_DROPPED_STOPPED: "NEURON_WS_DROPPED_STOPPED"
        case .NEURON_WS_DROPPED_REFUSED: "NEURON_WS_DROPPED_REFUSED"
        case .NEURON_WS_DROPPED_OVERFLOW: "NEURON_WS_DROPPED_OVERFLOW"
        case .NEURON_WS_EXPIRED: "NEURON_WS_EXPIRED"
        case .NEURON_WS_DROPPED_REFUSED_BY_PEER: "NEURON_WS_DROPPED_REFUSED_BY_PEER"
        case .NEURON_WS_STORED: "NEURON_WS_STORED"
        case .NEURON_WS_DROPPED_LOST: "NEURON_WS_DROPPED_LOST"
        case .NEURON_WS_DROPPED_OTHER_SERVER: "NEURON_WS_DROPPED_OTHER_SERVER"
        @unknown default: unknownName
        }
    return ConstantText(name).pointer
}

@c @implementation
public func neuron_ws_log_level_name(_ log_level: neuron_ws_log_level_t) -> UnsafePointer<CChar>? {
    let name: StaticString =
        switch log_level {
        case .NEURON_WS_LOG_DEBUG: "NEURON_WS_LOG_DEBUG"
        case .NEURON_WS_LOG_INFO: "NEURON_WS_LOG_INFO"
        case .NEURON_WS_LOG_NOTICE: "NEURON_WS_LOG_NOTICE"
        case .NEURON_WS_LOG_WARN: "NEURON_WS_LOG_WARN"
        case .NEURON_WS_LOG_ERROR: "NEURON_WS_LOG_ERROR"
        case .NEURON_WS_LOG_FATAL: "NEURON_WS_LOG_FATAL"
        case .NEURON_WS_LOG_OFF: "NEURON_WS_LOG_OFF"
        @unknown default: unknownName
        }
    return ConstantText(name).pointer
}

@c @implementation
public func neuron_ws_log_category_name(_ log_category: neuron_ws_log_category_t) -> UnsafePointer<CChar>? {
    let name: StaticString =
        switch log_category {
        case .NEURON_WS_CATEGORY_NONE: "NEURON_WS_CATEGORY_NONE"
        case .NEURON_WS_CATEGORY_CONNECTION: "NEURON_WS_CATEGORY_CONNECTION"
        case .NEURON_WS_CATEGORY_TLS: "NEURON_WS_CATEGORY_TLS"
        case .NEURON_WS_CATEGORY_DELIVERY: "NEURON_WS_CATEGORY_DELIVERY"
        case .NEURON_WS_CATEGORY_REQUESTS: "NEURON_WS_CATEGORY_REQUESTS"
        case .NEURON_WS_CATEGORY_SETTINGS: "NEURON_WS_CATEGORY_SETTINGS"
        case .NEURON_WS_CATEGORY_EVENTS: "NEURON_WS_CATEGORY_EVENTS"
        case .NEURON_WS_CATEGORY_TRACE: "NEURON_WS_CATEGORY_TRACE"
        @unknown default: unknownName
        }
    return ConstantText(name).pointer
}
