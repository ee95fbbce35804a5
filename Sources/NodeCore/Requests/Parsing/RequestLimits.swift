// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// What is taken of requests from the server; the header's constants.
public enum RequestLimits {
    /// Of a request's document, bytes.
    public static let documentBytesMax = Int(NEURON_WS_REQUEST_BYTES_MAX)
    /// Of its nesting; jansson itself would go to 2,048.
    public static let depthMax = Int(NEURON_WS_REQUEST_DEPTH_MAX)
    public static let tagsMax = Int(NEURON_WS_REQUEST_TAGS_MAX)
    /// Members of an array that is handled member by member.
    public static let arrayMembersMax = Int(NEURON_WS_REQUEST_ARRAY_MAX)
    /// Requests of one node that the host holds.
    public static let heldMax = Int(NEURON_WS_REQUESTS_MAX)
    /// How far answers may go past the limits of the queue.
    public static let repliesBeyondMax = Int(NEURON_WS_REPLIES_BEYOND_MAX)
    public static let repliesBeyondBytesMax = Int(NEURON_WS_REPLIES_BEYOND_BYTES_MAX)
    /// Answers to operations that are kept for a platform that asks again, bytes.
    public static let answersKeptBytesMax = Int(NEURON_WS_ANSWERS_KEPT_BYTES_MAX)
    /// Lines of log about the end of one write: so many, or as many as have so many bytes, and one more. A server
    /// decides how many tags it has.
    static let auditLinesMax = 32
    static let auditBytesMax = 128 * 1024
    /// Of a uuid as it stands in the document, quotes and escapes included: a longer one is not echoed, bytes.
    static let uuidBytesMax = 4096
}

/// The gateway's error codes that we answer with by ourselves.
public enum RequestErrorCode {
    /// NEU_ERR_BODY_IS_WRONG: the request cannot be understood.
    public static let malformed: Int64 = 1002
    /// NEU_ERR_NODE_NOT_EXIST, in a host's answer: the device is none that the gateway reaches.
    static let noDevice: Int64 = 2003
    /// NEU_ERR_GROUP_NOT_EXIST, in a host's answer.
    static let noGroup: Int64 = 2106
    /// NEU_ERR_TAG_NOT_EXIST, in a host's answer.
    static let noTag: Int64 = 2201
    /// NEU_ERR_IS_BUSY: the host holds as many requests as it may.
    public static let busy: Int64 = 1010
    /// NEU_ERR_USER_NO_PERMISSION: the setting allow-requests does not allow it.
    public static let refused: Int64 = 1022
    /// NEU_ERR_PLUGIN_DEVICE_NOT_RESPONSE: the host did not answer in time.
    public static let expired: Int64 = 3015
}
