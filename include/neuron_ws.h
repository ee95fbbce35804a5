// SPDX-License-Identifier: Apache-2.0
/*
 * neuron_ws.h - a WebSocket client node for industrial gateways.
 *
 * A node pushes groups of tags as JSON messages to a WebSocket server over ws:// or wss://, takes messages back, and
 * reconnects by itself. This header is the whole contract: what is not said here is not promised.
 *
 * Thirty seconds of it:
 *
 *     neuron_ws_node_t *node;
 *     if (neuron_ws_node_create("line-1", "{\"url\":\"ws://127.0.0.1:8080/data\"}", NULL, &node) != NEURON_WS_OK)
 *         puts(neuron_ws_last_error());
 *     neuron_ws_node_subscribe(node, "*", "*", NULL);
 *     neuron_ws_node_start(node);
 *     neuron_ws_tag_t tag = {.name = "temperature", .type = NEURON_WS_TYPE_DOUBLE, .value = {.d64 = 21.5}};
 *     neuron_ws_group_t group = {.size = sizeof group, .driver = "plc1", .group = "fast",
 *                                .tags = &tag, .tag_count = 1, .tag_size = sizeof tag};
 *     neuron_ws_node_push(node, &group, NULL);
 *     neuron_ws_node_flush(node, NEURON_WS_LEVEL_WRITTEN, 5000);
 *     neuron_ws_node_destroy(node);
 *
 * CONVENTIONS
 *
 * Handles    are opaque and made by a `_create`; each has one owner, who calls its `_destroy` once. `destroy(NULL)`
 *            does nothing. Using a handle after its destroy is the caller's fault and undefined, as with free().
 * Threads    Every function may be called from any thread, several at once on one node included, except that nothing
 *            may run on a node while or after another thread destroys it. Callbacks come on one thread of the library,
 *            the loop thread, with no lock held: they may call every function, may destroy their node, and must not
 *            block, because all nodes of the process share that thread.
 * Outputs    come last and are written only when the status is NEURON_WS_OK.
 * Borrowing  Bytes and strings that go in are borrowed for the call alone. Strings that come out say how long they
 *            live.
 * NULL       A pointer may be NULL only where the text says so; anywhere else NULL gives NEURON_WS_INVALID_ARGUMENT.
 * Sizes      Structs that a host fills begin with `size_t size`, set to `sizeof` the struct as the host compiled it,
 *            and grow at their end only. A smaller, older one is taken, down to the first version's, its missing
 *            members being zero; what the library writes ends where it ends. A larger, newer one is taken as long as
 *            the part this library does not know is all zero; written to, that part is left as it is. Less than the
 *            first version or more than 4096 is NEURON_WS_STRUCT_SIZE. Structs in arrays have no size of their own:
 *            tag_size and stride stand for it, and the same holds.
 * Text       is UTF-8. Invalid UTF-8 in names and values becomes U+FFFD in the message; nothing is lost for it. A JSON
 *            document may begin with a byte order mark, here and from the server.
 * Fork       A node belongs to the process that made it. In a forked child its functions return NEURON_WS_FORKED and do
 *            nothing (destroy included); nodes made by the child work.
 * Memory     Where there is none for what a host decides the size of (groups, messages, documents, settings), the call
 *            is answered with NO_MEMORY and changes nothing; an event is dropped and counted. Where there is none for
 *            what a server sends, or for a buffer to send from, the connection ends (close code 1009 where a message
 *            is too big for it) and the node connects again; a request is answered as busy. Allocations below 64 KiB
 *            are Swift's own and cannot fail: the process ends then. So it does where there is none for the list of a
 *            process's nodes, some bytes for each.
 * Errors     Each failure leaves a sentence for people in neuron_ws_last_error() of the calling thread.
 */
#ifndef NEURON_WS_H
#define NEURON_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Marks what the shared library exports. */
#if defined(__GNUC__) && !defined(__swift__)
#define NEURON_WS_API __attribute__((visibility("default")))
#else
#define NEURON_WS_API
#endif

/* Every enum is 32 bits wide, in C, in C++ and in Swift. Values that a later version adds are no error for readers. */
#if defined(__swift__)
#define NEURON_WS_ENUM(name) enum __attribute__((enum_extensibility(open))) name : int32_t
#define NEURON_WS_ENUM_END(name)
#elif defined(__cplusplus)
#define NEURON_WS_ENUM(name) enum name : int32_t
#define NEURON_WS_ENUM_END(name)
#else
#define NEURON_WS_ENUM(name) enum name
#define NEURON_WS_ENUM_END(name) , name##_force_int32 = 0x7fffffff
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------------------------------------------------------------
 * Version and errors
 */

/* The version of this header: major.minor.patch. */
#define NEURON_WS_VERSION_MAJOR 1
#define NEURON_WS_VERSION_MINOR 0
#define NEURON_WS_VERSION_PATCH 0
/* The binary interface of this header; a library of another major ABI number does not fit. It is in the soname. */
#define NEURON_WS_ABI_VERSION 1

/* What a function answers. Numbers are never reused. */
typedef NEURON_WS_ENUM(neuron_ws_status){
    NEURON_WS_OK = 0,
    /* A pointer is NULL, a number out of range, or a name empty, too long or with control characters. */
    NEURON_WS_INVALID_ARGUMENT = 1,
    /* The settings were refused as a whole; last_error names the key, what it holds and what it takes. */
    NEURON_WS_INVALID_SETTINGS = 2,
    /* A text is not JSON or not of the form asked for; last_error gives line and column. */
    NEURON_WS_INVALID_JSON = 3,
    /* A group cannot be encoded: no driver or group name, a tag whose name is NULL, tags NULL with a
       count, an unknown type. */
    NEURON_WS_INVALID_GROUP = 4,
    /* A struct's size member is none this library knows. */
    NEURON_WS_STRUCT_SIZE = 5,
    /* No subscription covers this driver and group. */
    NEURON_WS_NOT_SUBSCRIBED = 6,
    /* The queue is at its limit (settings queue-max-bytes, queue-max-messages); try again when some has been sent. */
    NEURON_WS_QUEUE_FULL = 7,
    /* One message is larger than any queue could take, or a count is past its limit. */
    NEURON_WS_TOO_BIG = 8,
    /* The time given ran out before the thing asked for was reached. */
    NEURON_WS_TIMEOUT = 9,
    /* The node is not running: not started, stopped meanwhile, or finished. */
    NEURON_WS_NOT_RUNNING = 10,
    /* The buffer is too small; the length needed was written to *length. */
    NEURON_WS_BUFFER_TOO_SMALL = 11,
    /* Memory is exhausted. */
    NEURON_WS_NO_MEMORY = 12,
    /* The operating system refused a thread or a descriptor; last_error names the call and its errno. */
    NEURON_WS_SYSTEM = 13,
    /* This process is a forked child and the node its parent's. */
    NEURON_WS_FORKED = 14,
    /* Not in this version of the library. */
    NEURON_WS_UNSUPPORTED = 15,
    /* There is nothing to send: a group without tags, or only errors while upload_err is false. */
    NEURON_WS_SKIPPED = 16,
    /* There is no such subscription; or the request is no longer waiting: answered, dropped or expired. */
    NEURON_WS_NOT_FOUND = 17,
    /* No event is waiting. */
    NEURON_WS_NO_EVENT = 18,
    /* This call would wait for the loop thread, on the loop thread. */
    NEURON_WS_WRONG_THREAD = 19,
    /* before_send refused the message. */
    NEURON_WS_REFUSED = 20,
    /* A command went out, in whole or in part, and its connection ended before the response came. */
    NEURON_WS_LINK_LOST = 21,
    /* neuron_ws_node_request_cancel took the command back. */
    NEURON_WS_CANCELLED = 22
    NEURON_WS_ENUM_END(neuron_ws_status)
} neuron_ws_status_t;

/*
 * The library's version, "1.0.0". Any thread; the string lives as long as the library.
 */
NEURON_WS_API const char *neuron_ws_version(void);

/*
 * NEURON_WS_ABI_VERSION as the library was built with. A host that loads the library by hand compares it with its own.
 * Any thread.
 */
NEURON_WS_API uint32_t neuron_ws_abi_version(void);

/*
 * The status's name, "NEURON_WS_QUEUE_FULL"; "NEURON_WS_UNKNOWN" for a number this library does not know. Any thread;
 * the string lives as long as the library.
 */
NEURON_WS_API const char *neuron_ws_status_name(neuron_ws_status_t status);

/*
 * One sentence for people about the status, in English. Any thread; the string lives as long as the library.
 */
NEURON_WS_API const char *neuron_ws_status_text(neuron_ws_status_t status);

/*
 * The last failure of a function called on this thread, with its detail; "" before the first. Never holds a secret. A
 * call that succeeds leaves it as it is. Any thread; the string lives until this thread's next failing call, and is
 * freed when the thread ends.
 */
NEURON_WS_API const char *neuron_ws_last_error(void);

/* ---------------------------------------------------------------------------------------------------------------------
 * Values, tags, groups
 */

/* Neuron's own type numbers (neu_type_e), so that a plugin copies instead of translating. */
typedef NEURON_WS_ENUM(neuron_ws_type){
    NEURON_WS_TYPE_INT8 = 1,           /* value.i8 */
    NEURON_WS_TYPE_UINT8 = 2,          /* value.u8 */
    NEURON_WS_TYPE_INT16 = 3,          /* value.i16 */
    NEURON_WS_TYPE_UINT16 = 4,         /* value.u16 */
    NEURON_WS_TYPE_INT32 = 5,          /* value.i32 */
    NEURON_WS_TYPE_UINT32 = 6,         /* value.u32 */
    NEURON_WS_TYPE_INT64 = 7,          /* value.i64 */
    NEURON_WS_TYPE_UINT64 = 8,         /* value.u64 */
    NEURON_WS_TYPE_FLOAT = 9,          /* value.f32 */
    NEURON_WS_TYPE_DOUBLE = 10,        /* value.d64 */
    NEURON_WS_TYPE_BIT = 11,           /* value.u8, 0 or 1 */
    NEURON_WS_TYPE_BOOL = 12,          /* value.boolean */
    NEURON_WS_TYPE_STRING = 13,        /* value.text */
    NEURON_WS_TYPE_BYTES = 14,         /* value.array of uint8_t */
    NEURON_WS_TYPE_ERROR = 15,         /* value.i32, the error code; the same as a tag whose `error` is not 0 */
    NEURON_WS_TYPE_WORD = 16,          /* value.u16 */
    NEURON_WS_TYPE_DWORD = 17,         /* value.u32 */
    NEURON_WS_TYPE_LWORD = 18,         /* value.u64 */
    NEURON_WS_TYPE_PTR = 19,           /* value.text, however long */
    NEURON_WS_TYPE_TIME = 20,          /* value.text */
    NEURON_WS_TYPE_DATA_AND_TIME = 21, /* value.text */
    NEURON_WS_TYPE_ARRAY_CHAR = 22,    /* value.text */
    NEURON_WS_TYPE_ARRAY_INT8 = 23,    /* value.array of int8_t, and so on */
    NEURON_WS_TYPE_ARRAY_UINT8 = 24,
    NEURON_WS_TYPE_ARRAY_INT16 = 25,
    NEURON_WS_TYPE_ARRAY_UINT16 = 26,
    NEURON_WS_TYPE_ARRAY_INT32 = 27,
    NEURON_WS_TYPE_ARRAY_UINT32 = 28,
    NEURON_WS_TYPE_ARRAY_INT64 = 29,
    NEURON_WS_TYPE_ARRAY_UINT64 = 30,
    NEURON_WS_TYPE_ARRAY_FLOAT = 31,
    NEURON_WS_TYPE_ARRAY_DOUBLE = 32,
    NEURON_WS_TYPE_ARRAY_BOOL = 33,    /* value.array of bool */
    NEURON_WS_TYPE_ARRAY_STRING = 34,  /* value.array of const char *, NUL-terminated; NULL is "" */
    NEURON_WS_TYPE_CUSTOM = 40         /* value.text: one JSON document, put into the message as it is */
    NEURON_WS_ENUM_END(neuron_ws_type)
} neuron_ws_type_t;

/* A text's length where the text ends with a NUL byte instead. */
#define NEURON_WS_NUL_TERMINATED SIZE_MAX

/* A text; `data` may be NULL when `length` is 0. Need not end with NUL unless the length says so. */
typedef struct neuron_ws_text {
    const char *data;
    size_t length; /* bytes, or NEURON_WS_NUL_TERMINATED */
} neuron_ws_text_t;

/* `count` elements of the type that the tag's type names; `data` may be NULL when `count` is 0. */
typedef struct neuron_ws_array {
    const void *data;
    size_t count;
} neuron_ws_array_t;

/* The member that the type names is read, no other. */
typedef union neuron_ws_value {
    bool boolean;
    int8_t i8;
    uint8_t u8;
    int16_t i16;
    uint16_t u16;
    int32_t i32;
    uint32_t u32;
    int64_t i64;
    uint64_t u64;
    float f32;
    double d64;
    neuron_ws_text_t text;
    neuron_ws_array_t array;
} neuron_ws_value_t;

/*
 * One tag: a name with a value, or with an error code instead. Zero-initialise it and set what you need.
 */
typedef struct neuron_ws_tag {
    const char *name;       /* not NULL; may be empty, as the gateway's may */
    size_t name_length;     /* bytes; 0: the name ends with NUL */
    neuron_ws_type_t type;  /* which member of `value` counts; not read when `error` is not 0 */
    int32_t error;          /* 0, or why there is no value: the gateway's error code, sent when upload_err is true */
    uint8_t precision;      /* FLOAT and DOUBLE: decimals written, 1 to 17; 0: the shortest that reads back exactly */
    neuron_ws_value_t value;
    const struct neuron_ws_tag *metas; /* more about the value (quality, time…): name and value of each count */
    size_t meta_count;      /* at most NEURON_WS_METAS_MAX */
} neuron_ws_tag_t;

/*
 * One collected group: what a driver read of one group of tags at one time.
 */
typedef struct neuron_ws_group {
    size_t size;                 /* sizeof(neuron_ws_group_t) */
    const char *driver;          /* the southbound node's name, NUL-terminated, 1 to NEURON_WS_NAME_MAX bytes */
    const char *group;           /* the group's name, likewise */
    int64_t timestamp_ms;        /* Unix time in ms; 0: now */
    const neuron_ws_tag_t *tags; /* tag_count of them, tag_size bytes apart */
    size_t tag_count;            /* 0 to NEURON_WS_TAGS_MAX */
    size_t tag_size;             /* sizeof(neuron_ws_tag_t); also of the metas */
} neuron_ws_group_t;

/* Limits of a group. Past them: NEURON_WS_TOO_BIG or, for names, NEURON_WS_INVALID_GROUP. */
#define NEURON_WS_NAME_MAX 1024
#define NEURON_WS_TAGS_MAX 2000000
#define NEURON_WS_METAS_MAX 1024
/* The largest message that is encoded or sent, bytes. */
#define NEURON_WS_MESSAGE_MAX 1073741824

/* The form of an uploaded message; the numbers are those of the setting `format`. */
typedef NEURON_WS_ENUM(neuron_ws_format){
    NEURON_WS_FORMAT_VALUES = 0,
    NEURON_WS_FORMAT_TAGS = 1,
    NEURON_WS_FORMAT_ECP = 2,
    NEURON_WS_FORMAT_CUSTOM = 3,
    NEURON_WS_FORMAT_OPENGATE = 5,       /* options "device-id" (the gateway's own) and "reduced" (bool, false) */
    /* The answers and reports that a node sends besides; for neuron_ws_encode only. */
    NEURON_WS_FORMAT_STATES = 100,       /* options {"timestamp"?,"states":[{"node","link","running","is_driver"?}]} */
    NEURON_WS_FORMAT_READ_RESPONSE = 101,       /* options {"uuid"}, and the group */
    NEURON_WS_FORMAT_WRITE_RESPONSE = 102,      /* options {"uuid","error","reason"?} */
    NEURON_WS_FORMAT_WRITE_TAGS_RESPONSE = 103  /* options {"uuid","tags":[{"group","name","error"}]} */
    NEURON_WS_ENUM_END(neuron_ws_format)
} neuron_ws_format_t;

/*
 * Writes the message that a group would become, without a node.
 *
 * format        one of neuron_ws_format.
 * options_json  NULL, or a JSON object: "static_tags" (object), "upload_err" (bool, true), "schema" (the template of
 *               NEURON_WS_FORMAT_CUSTOM, text or JSON), and the members named at the formats above.
 * group         NULL only where the format's comment names none.
 * buffer, size  where the text goes, without a NUL behind it; buffer may be NULL when size is 0.
 * length        receives the message's length in bytes, with NEURON_WS_OK and with NEURON_WS_BUFFER_TOO_SMALL.
 *
 * Any thread. Borrows nothing. NEURON_WS_OK, INVALID_ARGUMENT, INVALID_SETTINGS (options; names an unknown ${name} of a
 * template), INVALID_JSON (options, CUSTOM value), INVALID_GROUP, STRUCT_SIZE, TOO_BIG, SKIPPED, BUFFER_TOO_SMALL,
 * NO_MEMORY, UNSUPPORTED.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_encode(neuron_ws_format_t format, const char *options_json,
                                                  const neuron_ws_group_t *group, char *buffer, size_t size,
                                                  size_t *length);

/*
 * The same of a group as JSON, `text_length` bytes of it, in the forms that neuron_ws_node_push_json takes: what that
 * is to neuron_ws_node_push, this is to neuron_ws_encode.
 *
 * text  NULL only where the format's comment names no group; text_length is 0 then.
 *
 * Any thread. Borrows nothing. As neuron_ws_encode; INVALID_JSON also where the text is no group.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_encode_json(neuron_ws_format_t format, const char *options_json,
                                                       const char *text, size_t text_length, char *buffer,
                                                       size_t size, size_t *length);

/*
 * The settings form, in the gateway's schema format, as NUL-terminated JSON of *length bytes. Any thread; the text
 * lives as long as the library. NEURON_WS_OK, INVALID_ARGUMENT.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_settings_schema(const char **json, size_t *length);

/* The files of OpenGate's own agent, ODA; the numbers are ours. */
typedef NEURON_WS_ENUM(neuron_ws_oda_file){
    NEURON_WS_ODA_CONNECTOR = 1,   /* es.amplia.oda.connector.websocket.cfg: host, port, path, times */
    NEURON_WS_ODA_DEVICE_INFO = 2, /* es.amplia.oda.datastreams.deviceinfo.cfg, …deviceinfofx30.cfg: id and key */
    NEURON_WS_ODA_DISPATCHER = 3   /* es.amplia.oda.dispatcher.opengate.cfg: reduced output, publishing times */
    NEURON_WS_ENUM_END(neuron_ws_oda_file)
} neuron_ws_oda_file_t;

/*
 * The settings that one of ODA's files makes, as a JSON object for neuron_ws_node_create: called once for each file,
 * each time with what the call before has made.
 *
 * text           the file's content, text_length bytes, at most 1 MiB, or ending with NUL where the length is
 *                NEURON_WS_NUL_TERMINATED: lines as Java's properties have them.
 * file           which of them it is.
 * settings_json  NULL, or a JSON object, whose members stand before those of the file.
 * on_remark      NULL, or called for what of the file is taken otherwise or not at all, on this thread and before the
 *                function returns; text: a sentence, never a secret, which ends with NUL and lives during the call.
 * buffer, size   where the settings go, without a NUL behind them. The API key is among them.
 * length         receives their length, with NEURON_WS_OK and with NEURON_WS_BUFFER_TOO_SMALL.
 *
 * Any thread. NEURON_WS_OK, BUFFER_TOO_SMALL, INVALID_SETTINGS (a key that is missing, a value that is none, a line
 * that cannot be read, an event type other than JSON), INVALID_ARGUMENT, NO_MEMORY.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_settings_from_oda(const char *text, size_t text_length,
                                                             neuron_ws_oda_file_t file, const char *settings_json,
                                                             void (*on_remark)(const char *text, void *context),
                                                             void *context, char *buffer, size_t size,
                                                             size_t *length);

/* So many faults of settings are told one by one; those beyond as one more, which counts them. */
#define NEURON_WS_FAULTS_MAX 1000

/*
 * Whether a node would take these settings, without making one: for a file that is read at start, and for a form that
 * shows each fault beside its field. Reads the files that "ca", "cert" and "key" name, and opens nothing else.
 *
 * json      the settings as neuron_ws_node_create takes them, `length` bytes, or ending with NUL where length is
 *           NEURON_WS_NUL_TERMINATED.
 * on_fault  NULL, or called for each fault, on this thread and before the function returns. key: the setting, "" where
 *           the document as a whole is none; a name that is no setting is cut, and what is not visible in it spelled
 *           out. text: a sentence that names the key, what it holds and what it takes; never a secret. Both end with
 *           NUL and live during the call. It may call every function.
 * context   handed back as it is.
 *
 * Any thread. NEURON_WS_OK; INVALID_SETTINGS: there are faults, the first of which last_error joins; INVALID_ARGUMENT,
 * NO_MEMORY.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_settings_check(const char *json, size_t length,
                                                          void (*on_fault)(const char *key, const char *text,
                                                                           void *context),
                                                          void *context);

/* ---------------------------------------------------------------------------------------------------------------------
 * What a node tells
 */

/* A node. Owned by who created it. */
#if defined(__swift__)
typedef struct neuron_ws_node { void *opaque; } neuron_ws_node_t;
typedef struct neuron_ws_request { void *opaque; } neuron_ws_request_t;
typedef struct neuron_ws_attempt { void *opaque; } neuron_ws_attempt_t;
#else
typedef struct neuron_ws_node neuron_ws_node_t;
/* A request that came from the server and waits for its answer. Owned by the host from on_request on. */
typedef struct neuron_ws_request neuron_ws_request_t;
/* One attempt to connect. Lives during before_connect. */
typedef struct neuron_ws_attempt neuron_ws_attempt_t;
#endif

/* A WebSocket message's kind; the numbers are RFC 6455's opcodes. */
typedef NEURON_WS_ENUM(neuron_ws_kind){
    NEURON_WS_TEXT = 1,
    NEURON_WS_BINARY = 2
    NEURON_WS_ENUM_END(neuron_ws_kind)
} neuron_ws_kind_t;

/* Where a node stands. */
typedef NEURON_WS_ENUM(neuron_ws_phase){
    NEURON_WS_PHASE_IDLE = 0,        /* created or stopped; also for the 50 ms behind a start */
    NEURON_WS_PHASE_WAITING = 1,     /* between two attempts; next_attempt_ms says how long */
    NEURON_WS_PHASE_RESOLVING = 2,   /* looking up the host's address */
    NEURON_WS_PHASE_CONNECTING = 3,  /* TCP */
    NEURON_WS_PHASE_SECURING = 4,    /* TLS */
    NEURON_WS_PHASE_HANDSHAKING = 5, /* the WebSocket opening handshake */
    NEURON_WS_PHASE_OPEN = 6,        /* link 1 */
    NEURON_WS_PHASE_CLOSING = 7,     /* the closing handshake */
    NEURON_WS_PHASE_PROXY = 8        /* a proxy was asked for the way; before SECURING and HANDSHAKING */
    NEURON_WS_ENUM_END(neuron_ws_phase)
} neuron_ws_phase_t;

/* Why the last connection, or the last attempt at one, ended. */
typedef NEURON_WS_ENUM(neuron_ws_reason){
    NEURON_WS_REASON_NONE = 0,              /* nothing has ended yet */
    NEURON_WS_REASON_NORMAL = 1,            /* 1000 */
    NEURON_WS_REASON_ENDPOINT_SHUTDOWN = 2, /* 1001 */
    NEURON_WS_REASON_PROTOCOL_ERROR = 3,    /* 1002, 1003, 1007, 1010, theirs or ours */
    NEURON_WS_REASON_POLICY_VIOLATION = 4,  /* 1008 */
    NEURON_WS_REASON_MESSAGE_TOO_BIG = 5,   /* 1009, theirs or ours */
    NEURON_WS_REASON_SERVER_ERROR = 6,      /* 1011 */
    NEURON_WS_REASON_TRY_LATER = 7,         /* 1012, 1013 */
    NEURON_WS_REASON_ABNORMAL = 8,          /* 1006: the stream ended without a Close frame */
    NEURON_WS_REASON_PING_TIMEOUT = 9,
    NEURON_WS_REASON_NETWORK_ERROR = 10,
    NEURON_WS_REASON_DNS = 11,
    NEURON_WS_REASON_CONNECT_TIMEOUT = 12,
    NEURON_WS_REASON_PROXY = 13,              /* it cannot be used; http_status, system_error, tls_failure say more */
    NEURON_WS_REASON_TLS = 14,                /* tls_failure says which */
    NEURON_WS_REASON_HANDSHAKE_REJECTED = 15, /* http_status says with what, 0 if it was no HTTP */
    NEURON_WS_REASON_STOPPED = 16,            /* by neuron_ws_node_stop, _stop_begin, _finish */
    NEURON_WS_REASON_RECONFIGURED = 17,       /* by neuron_ws_node_configure, _reconnect */
    NEURON_WS_REASON_APPLICATION = 18,        /* a close code of 3000 to 4999, in close_code */
    NEURON_WS_REASON_REFUSED_BY_HOST = 19,    /* before_connect did not let the attempt go on */
    NEURON_WS_REASON_HEARTBEAT_TIMEOUT = 20   /* a heartbeat (setting heartbeat) was not answered in time */
    NEURON_WS_ENUM_END(neuron_ws_reason)
} neuron_ws_reason_t;

/* Which TLS failure, when the reason is NEURON_WS_REASON_TLS. */
typedef NEURON_WS_ENUM(neuron_ws_tls_failure){
    NEURON_WS_TLS_NONE = 0,
    NEURON_WS_TLS_UNKNOWN_CA = 1,
    NEURON_WS_TLS_SELF_SIGNED = 2,
    NEURON_WS_TLS_EXPIRED = 3,
    NEURON_WS_TLS_NOT_YET_VALID = 4,
    NEURON_WS_TLS_WRONG_NAME = 5,
    NEURON_WS_TLS_REVOKED = 6,
    NEURON_WS_TLS_VERIFICATION = 7,          /* any other reason not to trust the certificate */
    NEURON_WS_TLS_CLIENT_CERTIFICATE = 8,    /* the server wants one, or does not take ours */
    NEURON_WS_TLS_NOT_TLS = 9,               /* what answered does not speak TLS */
    NEURON_WS_TLS_PROTOCOL = 10              /* versions, ciphers, alerts */
    NEURON_WS_ENUM_END(neuron_ws_tls_failure)
} neuron_ws_tls_failure_t;

/* How much is known about a message. Each includes those before it. */
typedef NEURON_WS_ENUM(neuron_ws_level){
    NEURON_WS_LEVEL_ACCEPTED = 0,    /* in the queue */
    NEURON_WS_LEVEL_STORED = 1,      /* on disk, as the setting durability says */
    NEURON_WS_LEVEL_WRITTEN = 2,     /* the kernel took all its bytes */
    NEURON_WS_LEVEL_PEER_PARSED = 3, /* the peer's WebSocket layer has read it: setting delivery */
    NEURON_WS_LEVEL_APP_ACKED = 4    /* the server's application said so: setting delivery */
    NEURON_WS_ENUM_END(neuron_ws_level)
} neuron_ws_level_t;

/* How a message ended; each accepted message has exactly one outcome. */
typedef NEURON_WS_ENUM(neuron_ws_outcome){
    NEURON_WS_DELIVERED = 0,
    NEURON_WS_DROPPED_STOPPED = 1,  /* the node was destroyed before it could be sent */
    NEURON_WS_DROPPED_REFUSED = 2,  /* before_send refused it */
    NEURON_WS_DROPPED_OVERFLOW = 3, /* the setting cache-policy made room for newer ones */
    NEURON_WS_EXPIRED = 4,          /* older than the setting cache-ttl */
    NEURON_WS_DROPPED_REFUSED_BY_PEER = 5, /* the server ended the connection in the middle of it again and again; log
                                             and state's message say how often. With which Close frame: close_code
                                             and bytes of the event; in on_delivery close_code and close_reason of
                                             neuron_ws_node_state */
    NEURON_WS_STORED = 6,           /* the node ended, and the message lies in its cache on disk: the next node of this
                                       name with the same data-dir sends it */
    NEURON_WS_DROPPED_LOST = 7,     /* it lay on disk, and could not be read again */
    NEURON_WS_DROPPED_OTHER_SERVER = 8 /* it answers a request of a server that is not the one connected now */
    NEURON_WS_ENUM_END(neuron_ws_outcome)
} neuron_ws_outcome_t;

typedef NEURON_WS_ENUM(neuron_ws_log_level){
    NEURON_WS_LOG_DEBUG = 0,
    NEURON_WS_LOG_INFO = 1,
    NEURON_WS_LOG_NOTICE = 2,
    NEURON_WS_LOG_WARN = 3,
    NEURON_WS_LOG_ERROR = 4,
    NEURON_WS_LOG_FATAL = 5,
    NEURON_WS_LOG_OFF = 6
    NEURON_WS_ENUM_END(neuron_ws_log_level)
} neuron_ws_log_level_t;

/* What a line of log is about. */
typedef NEURON_WS_ENUM(neuron_ws_log_category){
    NEURON_WS_CATEGORY_NONE = 0,       /* the event is no line of log */
    NEURON_WS_CATEGORY_CONNECTION = 1, /* attempts to connect, connections, and how they ended */
    NEURON_WS_CATEGORY_TLS = 2,        /* certificates and their check, failures of TLS */
    NEURON_WS_CATEGORY_DELIVERY = 3,   /* messages that are dropped, and messages that nobody takes */
    NEURON_WS_CATEGORY_REQUESTS = 4,   /* requests from the server and their answers */
    NEURON_WS_CATEGORY_SETTINGS = 5,   /* settings that are taken and should not be so */
    NEURON_WS_CATEGORY_EVENTS = 6,     /* events that the host does not take */
    NEURON_WS_CATEGORY_TRACE = 7       /* what neuron_ws_node_trace asks for */
    NEURON_WS_ENUM_END(neuron_ws_log_category)
} neuron_ws_log_category_t;

/*
 * A number's name as it is written in this header, "NEURON_WS_PHASE_OPEN"; "NEURON_WS_UNKNOWN" for a number this
 * library does not know, such as one of a later version. Any thread; never NULL; the string lives as long as the
 * library.
 */
NEURON_WS_API const char *neuron_ws_type_name(neuron_ws_type_t type);
NEURON_WS_API const char *neuron_ws_phase_name(neuron_ws_phase_t phase);
NEURON_WS_API const char *neuron_ws_reason_name(neuron_ws_reason_t reason);
NEURON_WS_API const char *neuron_ws_tls_failure_name(neuron_ws_tls_failure_t tls_failure);
NEURON_WS_API const char *neuron_ws_level_name(neuron_ws_level_t level);
NEURON_WS_API const char *neuron_ws_outcome_name(neuron_ws_outcome_t outcome);
NEURON_WS_API const char *neuron_ws_log_level_name(neuron_ws_log_level_t log_level);
NEURON_WS_API const char *neuron_ws_log_category_name(neuron_ws_log_category_t log_category);

/*
 * A node's state at one moment. Texts are NUL-terminated, cut at their size, and hold no secret: an URL's query and
 * a key are shown as "…".
 */
typedef struct neuron_ws_state {
    size_t size;
    int32_t link;                        /* 1 while messages can be sent, else 0 */
    neuron_ws_phase_t phase;
    neuron_ws_reason_t reason;           /* how the last connection ended */
    neuron_ws_tls_failure_t tls_failure;
    neuron_ws_level_t level;             /* the delivery level in force, by delivery: WRITTEN, PEER_PARSED, APP_ACKED */
    int32_t close_code;                  /* of the Close frame by which the last connection ended: the server's, or ours
                                            behind a fault of the server's; 0: none, or the node left by itself */
    int32_t http_status;                 /* of the last opening handshake; 0: none */
    int32_t system_error;                /* errno of the last failure; 0: none */
    /* Of the connection, and behind its end of that one until the next attempt: tls, tls_verified, peer_address,
     * subprotocol, tls_version to tls_cipher, extensions, tls_common_name to proxy. link and phase say whether it is
     * there. */
    bool tls;                            /* it is over TLS */
    bool tls_verified;                   /* and the server's certificate was checked and is good */
    bool tls_verify_off;                 /* the settings switch the check off */
    uint64_t attempts;                   /* attempts to connect since the last connection was open */
    int64_t next_attempt_ms;             /* ms until the next attempt; -1: none is planned */
    int64_t connected_ms;                /* ms the present connection has been open; -1: it is not */
    char url[512];                       /* the URL in use, without secrets */
    char peer_address[64];               /* "127.0.0.1:8080", "[::1]:8080" */
    char subprotocol[64];                /* what the server chose; "": none */
    char tls_version[16];                /* "TLSv1.3" */
    char tls_cipher[64];
    char tls_peer[256];                  /* the server certificate's subject */
    char close_reason[128];              /* the text of the last Close frame, what is not visible spelled out */
    char message[1024];                  /* how it stands, in a sentence or two for people: what failed, what to do;
                                            "Connecting to HOST:PORT, 3 s of 30 (attempt 1): …" */
    char extensions[160];                /* agreed on: "permessage-deflate; client_max_window_bits=12"; "": none */
    uint32_t states_interval_s;          /* how often the host is to push driver states, by the settings
                                            upload_drv_state and upload_drv_state_interval; 0: not at all */
    bool tls_common_name;                /* the server's name is its certificate's common name: tls-allow-cn */
    int64_t tls_not_after_s;             /* when the server's certificate ends, Unix time in s; 0: no TLS, or unknown */
    uint32_t tls_chain_length;           /* certificates that the server sent, its own included; 0: no TLS */
    char tls_issuer[256];                /* who issued the server's certificate */
    char proxy[288];                     /* the proxy in use, "http://proxy:3128", without secrets; "": none */
    char cache_error[512];               /* why nothing is kept on disk though the settings ask for it; "": it is, or
                                            they do not */
} neuron_ws_state_t;

/*
 * A node's counters, all since its creation, and gauges. Counters only grow.
 */
typedef struct neuron_ws_metrics {
    size_t size;
    uint64_t messages_accepted;    /* by push, push_json and send */
    uint64_t messages_sent;        /* ended as DELIVERED: at the level that the setting delivery asks for */
    uint64_t messages_dropped;     /* ended as dropped or expired */
    uint64_t messages_rejected;    /* push refused them: queue full, too big, invalid; never accepted */
    uint64_t messages_skipped;     /* groups with nothing to send, or not subscribed */
    uint64_t messages_received;    /* whole messages from the server */
    uint64_t payload_bytes_sent;   /* of messages, before framing */
    uint64_t payload_bytes_received;
    uint64_t wire_bytes_sent;      /* before TLS: opening handshakes, frames with their headers, what a proxy is told */
    uint64_t wire_bytes_received;
    uint64_t tags_sent;            /* tags with a value in accepted groups */
    uint64_t tag_errors_sent;      /* tags with an error in accepted groups */
    uint64_t pings_sent;
    uint64_t pongs_received;
    uint64_t pings_received;
    uint64_t connection_attempts;
    uint64_t connections_opened;
    uint64_t disconnections;       /* of open connections */
    uint64_t messages_resent;      /* sent again because a connection ended within them, or before they were confirmed
                                      (delivery peer-parsed, app-acked) */
    uint64_t events_dropped;       /* the event queue was full; never outcomes */
    uint64_t requests_received;    /* understood: handed to the host, or answered as busy or refused */
    uint64_t requests_malformed;   /* looked like a request, and were none that could be understood */
    uint64_t queued_messages;      /* gauge: accepted, without outcome yet */
    uint64_t queued_bytes;         /* gauge: memory they take, or would if they are on disk alone */
    uint64_t round_trip_us;        /* gauge: of the last answered ping; 0: none yet */
    uint64_t link;                 /* gauge: 0 or 1 */
    uint64_t payload_bytes_compressed; /* of messages that were sent compressed, before that */
    uint64_t compressed_bytes_sent;    /* what these were compressed to */
    uint64_t requests_refused;     /* of requests_received: the setting allow-requests does not allow them */
    uint64_t messages_ignored;     /* of messages_received: no requests, and the host takes no messages */
    uint64_t acknowledgements_received; /* documents of the server's application: delivery app-acked */
    uint64_t acknowledgements_stray;    /* what in them was the number of no message that was sent */
    uint64_t messages_set_aside;   /* of messages_dropped: NEURON_WS_DROPPED_REFUSED_BY_PEER */
    uint64_t oldest_message_us;    /* gauge: how long the oldest of queued_messages has waited, at most so long; it is
                                      told to a tenth of itself, or 10 ms; 0: none waits */
    uint64_t pongs_within_1ms;     /* of pongs_timed: those that came within 1 ms. A histogram: each includes those */
    uint64_t pongs_within_5ms;     /* of the one before it */
    uint64_t pongs_within_20ms;
    uint64_t pongs_within_100ms;
    uint64_t pongs_within_500ms;
    uint64_t pongs_within_2s;
    uint64_t pongs_within_10s;
    uint64_t pongs_timed;          /* answers to our Pings, those behind messages (delivery peer-parsed) too */
    uint64_t pongs_us;             /* all their times together, from when the Ping had left */
    uint64_t commands_sent;        /* of neuron_ws_node_request, each try whose last byte the kernel took */
    uint64_t commands_timed_out;   /* ended as NEURON_WS_TIMEOUT */
    uint64_t commands_lost;        /* ended as NEURON_WS_LINK_LOST */
    uint64_t commands_open;        /* gauge: without outcome yet, waiting to go out or in flight */
    uint64_t responses_within_1ms; /* of commands_answered: as pongs_within_1ms and those behind it */
    uint64_t responses_within_5ms;
    uint64_t responses_within_20ms;
    uint64_t responses_within_100ms;
    uint64_t responses_within_500ms;
    uint64_t responses_within_2s;
    uint64_t responses_within_10s;
    uint64_t commands_answered;    /* commands whose response came */
    uint64_t responses_us;         /* all their times together, from when the newest try had left */
    uint64_t cached_messages;      /* gauge: of queued_messages, on disk alone: they take no memory */
    uint64_t cached_bytes;         /* gauge: what the node's messages take on disk, those in memory too */
    uint64_t messages_lost;        /* were on disk and could not be read */
    uint64_t cache_errors;         /* times that the disk did not do what the cache asked of it */
    uint64_t cached_set_aside;     /* gauge: messages that lie in the cache set aside, of earlier lives too */
} neuron_ws_metrics_t;

typedef NEURON_WS_ENUM(neuron_ws_metrics_format){
    NEURON_WS_METRICS_OPENMETRICS = 0, /* OpenMetrics 1.0 text, ending in "# EOF" */
    NEURON_WS_METRICS_JSON = 1         /* one JSON object, members as in neuron_ws_metrics_t */
    NEURON_WS_ENUM_END(neuron_ws_metrics_format)
} neuron_ws_metrics_format_t;

/* What a request from the server asks for. */
typedef NEURON_WS_ENUM(neuron_ws_request_kind){
    NEURON_WS_REQUEST_READ = 1,     /* {"uuid","node","group"}, all tags of the group, or "tags": some by name */
    NEURON_WS_REQUEST_WRITE = 2,    /* {"uuid","node","group"} with "tag","value" or "tags":[{"tag","value"}] */
    NEURON_WS_REQUEST_ACTION = 3,   /* {"uuid","node","action"} */
    NEURON_WS_REQUEST_OPERATION = 4 /* of OpenGate, where the setting `format` is `opengate`: `action` is its name */
    NEURON_WS_ENUM_END(neuron_ws_request_kind)
} neuron_ws_request_kind_t;

/*
 * What a request says. Everything in it lives until the request is answered or dropped.
 *
 * A value's type follows from the JSON, as in the gateway: integer INT64 (above 2^63-1 UINT64), real DOUBLE, true and
 * false BOOL, text STRING, array an array of these (of several kinds, or empty: CUSTOM), object CUSTOM. `precision`
 * comes with it. Where a member is repeated the last one counts.
 *
 * OPERATION: `uuid` is its id, `driver` the device, the setting device-id where the operation names none, `group` "".
 * Of GET_DEVICE_PARAMETERS `tags` are the variables to read, each once, of SET_DEVICE_PARAMETERS those to write; a name
 * is `tag`, or `group/tag` where two groups of the device hold the name. The parameters of others are in `json`.
 */
typedef struct { /* no tag: it would be the function's name, which C++ compilers warn of */
    size_t size;
    neuron_ws_request_kind_t kind;
    const char *uuid;            /* names of this struct are NUL-terminated UTF-8 and never NULL */
    const char *driver;          /* 1 to NEURON_WS_NAME_MAX bytes, as is the group */
    const char *group;           /* "" where the request names none: ACTION, OPERATION */
    const char *json;            /* the request's document, NUL-terminated; of an array of requests, this one */
    size_t json_length;
    const neuron_ws_tag_t *tags; /* the tags to write (with values), or to read (names only); NULL where none are */
    size_t tag_count;            /* READ: 0 means all tags of the group */
    bool tag_list;               /* WRITE: the tags came as an array "tags", even if it holds one */
    bool sync;                   /* READ: "sync" is true */
    const char *action;          /* ACTION, OPERATION, else "" */
    const char *query_name;        /* READ: of {"query":{"name","description"}}, else "" */
    const char *query_description; /* likewise */
    size_t tag_size;               /* bytes from one of `tags` to the next, and from one meta to the next: the
                                      library's sizeof(neuron_ws_tag_t), which a later version makes larger */
} neuron_ws_request_info_t;

/* Limits of requests. A longer document, one nested deeper, or one with more tags is answered as malformed (1002); an
   array of more messages, or of more bytes than a document, is no array of requests. */
#define NEURON_WS_REQUEST_BYTES_MAX 4194304
#define NEURON_WS_REQUEST_DEPTH_MAX 64
#define NEURON_WS_REQUEST_TAGS_MAX 100000
#define NEURON_WS_REQUEST_ARRAY_MAX 4096
/* The requests of one node that the host holds at a time, and the memory of their documents and values, as the setting
   requests-max-bytes says; this is its default. Past these a new one is answered at once as busy (1010). One that takes
   more than all of it is malformed (1002). */
#define NEURON_WS_REQUESTS_MAX 1024
#define NEURON_WS_REQUESTS_BYTES_MAX 16777216
/* Answers are queued even where the queue is full, so that no request stays without one: so many past its limits. */
#define NEURON_WS_REPLIES_BEYOND_MAX 4096
#define NEURON_WS_REPLIES_BEYOND_BYTES_MAX 67108864
/* Answers to operations that are kept for a platform that asks again, of one node. */
#define NEURON_WS_ANSWERS_KEPT_BYTES_MAX 1048576

/* ---------------------------------------------------------------------------------------------------------------------
 * The host's side
 */

/*
 * Callbacks, all optional. They run on the loop thread with no lock held, must not block, and may call every function
 * of this header, destroy included. Pointers they get live during the call unless said otherwise. `context` is the
 * host's own and handed back as it is.
 */
typedef struct neuron_ws_host {
    size_t size;
    void *context;
    /* The link, the phase, the reason or the URL changed. */
    void (*on_state)(neuron_ws_node_t *node, const neuron_ws_state_t *state, void *context);
    /* A message that is no request the library knows, or any message where requests are not wanted. `length` bytes,
       not NUL-terminated. Of an array that holds requests, each member that is none comes by itself. */
    void (*on_message)(neuron_ws_node_t *node, neuron_ws_kind_t kind, const uint8_t *bytes, size_t length,
                       void *context);
    /* A request from the server; see "Requests from the server". The host owns `request` and ends it by
       neuron_ws_request_reply or _drop, now or later, from any thread. NULL: requests come to on_message. */
    void (*on_request)(neuron_ws_node_t *node, neuron_ws_request_t *request, const neuron_ws_request_info_t *info,
                       void *context);
    /* Message `id` has its outcome; `level` is what is known of a delivered one. */
    void (*on_delivery)(neuron_ws_node_t *node, uint64_t id, neuron_ws_outcome_t outcome, neuron_ws_level_t level,
                        void *context);
    /* One line of log, NUL-terminated, without a line break at its end. Also called on threads that call into the
       library, for what those calls have to say. */
    void (*on_log)(neuron_ws_node_t *node, neuron_ws_log_level_t level, const char *text, void *context);
    /* Before each attempt to connect. May change the attempt by the neuron_ws_attempt_ functions. Anything but
       NEURON_WS_OK cancels this attempt (REASON_REFUSED_BY_HOST); the next one comes after the usual back-off, or at
       once by neuron_ws_node_reconnect. For as long as it takes no node of the process reads, sends, connects or stops;
       what they are given is queued, their connections stay, and a destroy of this node waits for it. What is asked of
       the node meanwhile (reconnect, configure, stop) holds when it returns: its attempt is then begun anew, or none.
       So a token that takes time is fetched elsewhere: refuse, and call neuron_ws_node_reconnect when it is there. */
    neuron_ws_status_t (*before_connect)(neuron_ws_node_t *node, neuron_ws_attempt_t *attempt, void *context);
    /* Sees each message as it leaves the queue, once however often it is sent, and each try of a command; not what the
       library sends of itself: heartbeats, Pings, Close. False drops it. Asked anew, whatever was said before, it is
       for a message without outcome that had gone out in front of others (resend-priority live-first) on a connection
       that ended, and for one that the next node of this name finds in its cache: what is said then holds. */
    bool (*before_send)(neuron_ws_node_t *node, neuron_ws_kind_t kind, const uint8_t *bytes, size_t length,
                        void *context);
    /* A call was answered with NEURON_WS_QUEUE_FULL, and now a quarter of what was full is free again: once for however
       many calls. Loop thread, or the one that reads events. */
    void (*on_room)(neuron_ws_node_t *node, void *context);
    /* True: before_send sees each message when it is queued, on the thread that queues it, and what it refuses is
       answered with NEURON_WS_REFUSED and has no outcome. What is sent later is what it saw: the bytes were copied.
       False: when the message goes out, on the loop thread, which may be long after. */
    bool before_send_when_queued;
} neuron_ws_host_t;

/*
 * Another URL for this attempt alone; parsed like the setting `url`. The settings' credentials and headers go there.
 * Loop thread, inside before_connect. NEURON_WS_OK, INVALID_ARGUMENT, INVALID_SETTINGS.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_attempt_set_url(neuron_ws_attempt_t *attempt, const char *url);

/*
 * A header of the opening handshake for this attempt alone; replaces one of the same name from the settings. value NULL
 * takes it away, User-Agent and Origin too; of `Host`, which takes the place of the URL's host and port, these are left
 * then. At most 64. Loop thread, inside before_connect. NEURON_WS_OK, INVALID_ARGUMENT (not a header name or value, one
 * that the handshake itself sets, or too many).
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_attempt_set_header(neuron_ws_attempt_t *attempt, const char *name,
                                                              const char *value);

/*
 * `Authorization: Bearer token` for this attempt alone. Never logged. Loop thread, inside before_connect.
 * NEURON_WS_OK, INVALID_ARGUMENT.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_attempt_set_token(neuron_ws_attempt_t *attempt, const char *token);

/* ---------------------------------------------------------------------------------------------------------------------
 * A node's life
 */

/*
 * Makes a node. Parses and checks the settings; starts nothing and opens nothing.
 *
 * name           the node's name in logs and metrics: 1 to 128 bytes of UTF-8 without control characters.
 * settings_json  the settings as a JSON object, bare or inside {"params":{…}}. At most 4 MiB. README.md has the table.
 * host           callbacks, copied; NULL: none. Its context must outlive the node.
 * node           receives the node, owned by the caller.
 *
 * Any thread. NEURON_WS_OK, INVALID_ARGUMENT, INVALID_SETTINGS, STRUCT_SIZE, NO_MEMORY, SYSTEM.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_node_create(const char *name, const char *settings_json,
                                                       const neuron_ws_host_t *host, neuron_ws_node_t **node);

/*
 * Begins to connect 50 ms later, so that a node that is stopped again meanwhile does not connect at all; returns at
 * once: on_state and neuron_ws_node_state tell how it goes. The first start in a process starts the loop thread. On a
 * running node nothing happens.
 *
 * Any thread. NEURON_WS_OK, INVALID_ARGUMENT, SYSTEM (no thread or descriptor to be had; nothing changed), NO_MEMORY,
 * NOT_RUNNING (the node was finished), FORKED.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_node_start(neuron_ws_node_t *node);

/*
 * Goes on with what was pushed before, on a connection that is open, until all of it has its outcome at the level of
 * the setting delivery or, of timeout_ms, the last second has come or the second half. Then it sends what is being
 * written to its frame's end and a Close frame (1001), waits for the server's, and disconnects: within timeout_ms from
 * every state, 0 being at once, and waiting no longer than the setting close-timeout; an open connection has 200 ms for
 * it in any case. What is left stays queued, and a later start sends it; with a cache on disk (setting offline-cache)
 * it is stored first, which takes as long as the disk does. A start that another thread calls meanwhile ends the stop:
 * OK, and the node connects anew. On the loop thread (in a callback) it begins the same and returns at once. The last
 * stop ends the loop thread.
 *
 * Any thread. NEURON_WS_OK, also when the server did not answer in time; TIMEOUT when the loop thread itself was busy
 * in a callback for 2 s longer: the node stops when that returns; INVALID_ARGUMENT, FORKED.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_node_stop(neuron_ws_node_t *node, uint32_t timeout_ms);

/*
 * Begins what neuron_ws_node_stop does and returns at once, on every thread: for hosts with a loop of their own, and to
 * stop several nodes side by side. With NEURON_WS_OK the end comes as a state with NEURON_WS_PHASE_IDLE, by on_state or
 * as an event, unless it is called within the telling of that; with NOT_RUNNING there is none to wait for. timeout_ms
 * is as in neuron_ws_node_stop.
 *
 * Again before the end: the shorter time counts. During an attempt to connect: it is given up. A neuron_ws_node_stop or
 * _finish behind it waits for the same end. A start behind it: what was asked last counts; the node runs on, or
 * connects again once the connection is closed, and no idle state comes. A destroy behind it ends the node within
 * 200 ms. The last stop ends the loop thread.
 *
 * Any thread, callbacks included. NEURON_WS_OK, NOT_RUNNING, INVALID_ARGUMENT, FORKED.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_node_stop_begin(neuron_ws_node_t *node, uint32_t timeout_ms);

/*
 * Stops the node for good, as neuron_ws_node_stop does, and gives every message that is still queued its outcome:
 * NEURON_WS_STORED if it lies on disk (setting offline-cache), else NEURON_WS_DROPPED_STOPPED.
 * Before it returns all outcomes are told: by on_delivery, on this thread where the node
 * was stopped, or as events, which can be read until the destroy. So a host that takes events ends like this:
 *
 *     neuron_ws_node_finish(node, 5000);
 *     while (neuron_ws_node_next_event(node, &event) == NEURON_WS_OK)
 *         …
 *     neuron_ws_node_destroy(node);
 *
 * A finished node takes nothing more: pushes, sends and starts are answered with NOT_RUNNING. Requests that the host
 * has not taken from the event queue are dropped, those that it holds can only be dropped. On the loop thread (in a
 * callback) it begins the same and returns at once. Again on a finished node nothing happens.
 *
 * Any thread, one at a time. NEURON_WS_OK, also when the server did not answer in time; TIMEOUT as for
 * neuron_ws_node_stop: the outcomes come when the callback has returned; INVALID_ARGUMENT, FORKED.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_node_finish(neuron_ws_node_t *node, uint32_t timeout_ms);

/*
 * Stops the node at once if it runs, gives every queued message its outcome, and frees it. After it returns no callback
 * of this node runs or comes again, except that a destroy inside one of its callbacks lets that callback return; there,
 * a second destroy does nothing. An open connection is closed first, as neuron_ws_node_stop does, within 200 ms, and no
 * states and messages come meanwhile; inside a callback a Close frame goes out as far as the socket takes it at once.
 * Call neuron_ws_node_finish before to read the events that are left, which are gone with the node. NULL does nothing.
 *
 * Any thread, the loop thread included.
 */
NEURON_WS_API void neuron_ws_node_destroy(neuron_ws_node_t *node);

/*
 * Deletes what the node has on disk (settings offline-cache and data-dir): for a host whose user deletes the node, not
 * for one that stops it. At once if the node is stopped, else when it is destroyed. Messages that lie on disk alone end
 * as NEURON_WS_DROPPED_STOPPED. A later start makes a new, empty cache. Without a cache nothing happens.
 *
 * Any thread. NEURON_WS_OK, INVALID_ARGUMENT, FORKED.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_node_forget(neuron_ws_node_t *node);

/*
 * New settings for a living node, whole: what is not in them is at its default. Reconnects only if a key that concerns
 * the connection changed; then each wait is over, whatever a server asked for, and the first URL is tried at once. The
 * queue stays. Bad settings change nothing.
 *
 * Any thread. NEURON_WS_OK, INVALID_ARGUMENT, INVALID_SETTINGS, NO_MEMORY, FORKED.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_node_configure(neuron_ws_node_t *node, const char *settings_json);

/*
 * Forwards what is pushed of this driver and group from now on. "*" stands for all; an exact subscription goes before
 * driver/"*", that before "*"/group, that before "*"/"*". Subscribing again replaces the parameters.
 *
 * params_json  NULL, or a JSON object with "static_tags" (an object, or a text holding one): added to each message,
 *              in place of the settings' static tags of the same names.
 *
 * Any thread. NEURON_WS_OK, INVALID_ARGUMENT (names), INVALID_JSON, TOO_BIG (more than 100,000 subscriptions),
 * NO_MEMORY, FORKED.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_node_subscribe(neuron_ws_node_t *node, const char *driver,
                                                          const char *group, const char *params_json);

/*
 * Ends exactly the subscription that was made with these two names. group NULL: all of the driver's.
 * Any thread. NEURON_WS_OK, INVALID_ARGUMENT, NOT_FOUND, FORKED.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_node_unsubscribe(neuron_ws_node_t *node, const char *driver,
                                                            const char *group);

/*
 * The gateway renamed a driver (group and new_group NULL) or a group of one (new_driver the same as driver): the
 * subscriptions follow.
 * Any thread. NEURON_WS_OK, INVALID_ARGUMENT, NOT_FOUND, NO_MEMORY (some have been renamed, some not: again), FORKED.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_node_rename(neuron_ws_node_t *node, const char *driver, const char *group,
                                                       const char *new_driver, const char *new_group);

/* ---------------------------------------------------------------------------------------------------------------------
 * Sending
 */

/*
 * Sends one collected group in the node's format. Encodes on the calling thread, borrows nothing after it returns, and
 * never waits for network or disk. Works whether the node is connected, running or not: messages queue.
 *
 * id  NULL, or receives the message's number in this node, 1, 2, 3…, as on_delivery names it.
 *
 * Any thread. NEURON_WS_OK, INVALID_ARGUMENT (also: a name that the template fills in is "seq", "stream" or "resent",
 * with the setting sequence), INVALID_GROUP, INVALID_JSON (a CUSTOM value), STRUCT_SIZE, NOT_SUBSCRIBED, SKIPPED,
 * QUEUE_FULL, TOO_BIG, NO_MEMORY, NOT_RUNNING (the node was finished), FORKED. Nothing is sent unless it is OK.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_node_push(neuron_ws_node_t *node, const neuron_ws_group_t *group,
                                                     uint64_t *id);

/*
 * The same from JSON, `length` bytes of it, in tags-format
 *   {"node":"plc1","group":"fast","timestamp":1650006388943,"tags":[{"name":"t","value":21.5,"type":"FLOAT"}, …]}
 * or values-format
 *   {"node":"plc1","group":"fast","timestamp":1650006388943,"values":{"t":21.5},"errors":{"u":2014},"metas":{}}
 * "timestamp" may be left out: now. A value's type follows from it (integer: INT64 or UINT64, real: DOUBLE, true and
 * false: BOOL, text: STRING, array: an array, object: CUSTOM) unless a tag's "type" names one; "precision" as in
 * neuron_ws_tag_t; "metas" of a tag is an array of such tags.
 *
 * Any thread. As neuron_ws_node_push, and INVALID_JSON.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_node_push_json(neuron_ws_node_t *node, const char *text, size_t length,
                                                          uint64_t *id);

/*
 * Sends a message of the host's own as it is. bytes may be NULL when length is 0. Text must be UTF-8. With the setting
 * sequence, and with delivery app-acked, it is a JSON object, {…}, without members "seq", "stream" and "resent" in its
 * outermost level, in front of which its number is put; that it is valid JSON is not looked at.
 *
 * Any thread. NEURON_WS_OK, INVALID_ARGUMENT (unknown kind, text that is not UTF-8, no place for the number),
 * QUEUE_FULL, TOO_BIG, NO_MEMORY, NOT_RUNNING (the node was finished), FORKED.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_node_send(neuron_ws_node_t *node, neuron_ws_kind_t kind, const void *bytes,
                                                     size_t length, uint64_t *id);

/* ---------------------------------------------------------------------------------------------------------------------
 * Commands to the server, with their responses
 */

/* Limits of commands: those of a node without outcome, with outcomes as events that the host has not read; the bytes in
   those without outcome, one being taken, however large, while there is none; different match_members at a time; tries
   after the first; the time of each, a day. */
#define NEURON_WS_COMMANDS_MAX 16384
#define NEURON_WS_COMMANDS_BYTES_MAX 67108864
#define NEURON_WS_COMMAND_MEMBERS_MAX 16
#define NEURON_WS_COMMAND_RETRIES_MAX 1000
#define NEURON_WS_COMMAND_TIMEOUT_MAX_MS 86400000

/*
 * A command, and which message is its response: by match_member, or by `matches`, or, where both are NULL, the next
 * message in order. Zero-initialise it and set what you need.
 */
typedef struct neuron_ws_command {
    size_t size;
    neuron_ws_kind_t kind;    /* TEXT, which must be UTF-8, or BINARY; the response may be of the other kind */
    const void *bytes;        /* `length` of them, copied; may be NULL when length is 0 */
    size_t length;            /* at most NEURON_WS_MESSAGE_MAX */
    uint32_t timeout_ms;      /* of each try, from when it begins, connected or not: 1 to
                                 NEURON_WS_COMMAND_TIMEOUT_MAX_MS */
    /* The response is the message, a JSON object or array, that has this member: its name in the root object or, where
       it begins with "/", a JSON pointer (RFC 6901), "/timing/origin". 1 to NEURON_WS_NAME_MAX bytes. */
    const char *match_member;
    /* What the member says: a text, or a number, true, false or null as it stands in the message. At most
       NEURON_WS_NAME_MAX bytes. NULL: anything. */
    const char *match_value;
    /* Or the host decides, on the loop thread, for each message that comes while the command waits for its response:
       true: this is it. May call every function. NULL: by the members above. */
    bool (*matches)(const uint8_t *bytes, size_t length, void *context);
    /* The end of it, once: see neuron_ws_node_request. Loop thread. NULL: it comes as a NEURON_WS_EVENT_RESPONSE.
       bytes: of the response, else NULL; they live during the call. */
    void (*on_response)(neuron_ws_node_t *node, uint64_t id, neuron_ws_status_t status, const uint8_t *bytes,
                        size_t length, void *context);
    void *context;            /* handed back as it is; must live until the end of the command */
    uint32_t retries;         /* tries after the first, at most NEURON_WS_COMMAND_RETRIES_MAX; 0: none */
} neuron_ws_command_t;

/*
 * Sends a command and waits for its response without blocking.
 *
 * Commands have a way of their own past what waits in the queue: they go out in their order, before the queue's next
 * message, uncompressed, and each again on another connection only as a retry: what of it was sent on the first, in
 * whole or in part, the server may have carried out. They have no place in the queue's limits, no delivery level and no
 * on_delivery, and are never stored. before_send sees each try, or the command once with before_send_when_queued.
 *
 * A try begins with the call, or when the one before is over, and ends timeout_ms later; while there is no connection
 * it waits for one within that time. What went out in the second half of a try, because it waited, is not sent again by
 * the next one, whose time is for its response. So the command ends within timeout_ms * (1 + retries), and exactly
 * once, with
 *     OK           the response came
 *     TIMEOUT      it did not. What was not sent by then is not sent any more
 *     LINK_LOST    the connection that the last try went out on, in whole or in part, ended first. Whether the server
 *                  carried the command out is unknown
 *     REFUSED      before_send refused it
 *     CANCELLED    neuron_ws_node_request_cancel took it back
 *     NOT_RUNNING  the node was stopped, finished or destroyed
 *     NO_MEMORY    the response came, and as an event could not be kept (NEURON_WS_EVENTS_BYTES_MAX, or no memory); or
 *                  there was none to know the response by, and it did not go out
 *
 * A message is the response to one command at most, and only once the command has gone out whole, on this connection:
 * of those with a member the one that went out first, then by `matches`, likewise. It is looked at for that before it
 * is looked at for requests; it need not be whole JSON. What is neither, and no request, is the response to the oldest
 * command that waits for the next message. A response comes to the host as it was sent, byte for byte, and not to
 * on_message. One that comes when its command has ended, or before it has gone out whole, is a message like any other;
 * but for where a match_member has no match_value: there the next command that asks so cannot tell it from its own.
 *
 * Where responses come in order, nothing but their place tells them from each other, and from a message that the server
 * sends of itself: where there is a member, use it. When such a command was not answered in its time, or was taken
 * back, none in order goes out (but a further try of the same) until each that did has had its message, or its
 * timeout_ms has passed twice since it went out; then whatever was lost, the next one is told its own response. What
 * waits for that waits within its own time. A heartbeat whose answer nothing tells (`expect` without `match-member`)
 * has its place among them.
 *
 * id  NULL, or receives the command's number in this node, 1, 2, 3…; commands are numbered apart from messages. The end
 *     may come before the call returns.
 *
 * Any thread. NEURON_WS_OK; INVALID_ARGUMENT (a member of the struct, or on_response is NULL and nobody takes
 * NEURON_WS_EVENT_RESPONSE), STRUCT_SIZE, QUEUE_FULL (a limit of commands), TOO_BIG, NO_MEMORY, NOT_RUNNING (the node
 * is not started, or stops), REFUSED (by before_send, when it sees messages as they are queued), FORKED.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_node_request(neuron_ws_node_t *node, const neuron_ws_command_t *command,
                                                        uint64_t *id);

/*
 * Takes a command back: it ends with NEURON_WS_CANCELLED, told before this returns or on the loop thread soon after. If
 * it has not gone out it does not; if it has, its response is a message like any other.
 * Any thread. NEURON_WS_OK, INVALID_ARGUMENT, NOT_FOUND (no such command, or it has ended), FORKED.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_node_request_cancel(neuron_ws_node_t *node, uint64_t id);

/* How one node of the gateway stands, as neuron_ws_node_push_states takes it. */
typedef struct neuron_ws_driver_state {
    const char *node;   /* its name, NUL-terminated, 1 to NEURON_WS_NAME_MAX bytes */
    int32_t link;       /* the gateway's numbers: 0 disconnected, 1 connected */
    int32_t running;    /* 1 init, 2 ready, 3 running, 4 stopped */
    bool is_driver;     /* a southbound node; only those are reported */
} neuron_ws_driver_state_t;

/*
 * Sends how the drivers stand: {"timestamp":…,"states":[{"node":…,"link":1,"running":3}]}. The library keeps no
 * interval: the host calls this as often as the settings upload_drv_state and upload_drv_state_interval say, which
 * neuron_ws_state_t has as states_interval_s.
 *
 * states  `count` of them, at most NEURON_WS_TAGS_MAX, `stride` bytes apart: sizeof(neuron_ws_driver_state_t) as the
 *         host compiled it. May be NULL when count is 0.
 * id      NULL, or receives the message's number.
 *
 * Any thread. NEURON_WS_OK, INVALID_ARGUMENT (names), STRUCT_SIZE (stride), SKIPPED (no driver among them),
 * QUEUE_FULL, TOO_BIG, NO_MEMORY, NOT_RUNNING (the node was finished), FORKED.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_node_push_states(neuron_ws_node_t *node,
                                                            const neuron_ws_driver_state_t *states, size_t count,
                                                            size_t stride, uint64_t *id);

/* ---------------------------------------------------------------------------------------------------------------------
 * Requests from the server
 *
 * Where the host has on_request, or takes NEURON_WS_EVENT_REQUEST events, each message that is JSON is looked at for
 * requests; an array is handled member by member. What is none goes to on_message, and is counted (messages_ignored)
 * and logged where nobody takes that.
 *
 * What looks like a request and makes no sense is counted (requests_malformed), logged, and answered with
 *     {"uuid":…,"error":1002,"reason":"…"}
 * where it has a uuid; where it has none it goes to on_message too.
 *
 * The setting allow-requests says what the host gets: `none`, `read` (default), `all`. What it does not allow is
 * answered with error 1022 and a reason, counted (requests_refused) and logged.
 *
 * The host answers each request by neuron_ws_request_reply, with the JSON that neuron_ws_encode writes:
 *     READ, done      NEURON_WS_FORMAT_READ_RESPONSE, options {"uuid":…}, and the group
 *     WRITE, ACTION   NEURON_WS_FORMAT_WRITE_RESPONSE, options {"uuid":…,"error":0}
 *     any, failed     NEURON_WS_FORMAT_WRITE_RESPONSE, options {"uuid":…,"error":code,"reason":"…"}
 * One that is not answered within the setting request-timeout is answered with error 3015 by the library; the handle
 * stays the host's, who still replies (NEURON_WS_NOT_FOUND then) or drops. While NEURON_WS_REQUESTS_MAX requests are
 * the host's, or as much memory as the setting requests-max-bytes says, new ones are answered with error 1010.
 *
 * An OPERATION may be answered in the same forms, which the library turns into the platform's, or with
 *     {"resultCode":…,"resultDescription":…,"steps":[{"name":…,"result":…,"description":…},…]}
 * where all but one of resultCode and steps may be left out, and NOT_SUPPORTED is the code for what the host does not
 * do. Answers with "tags" may name a "group" and a "timestamp" in each, or come by groups:
 *     {"groups":[{"group":…,"tags":[…]},{"group":…,"error":code,"reason":"…"},…]}
 * A variable group/tag is taken from its group, and one without a group from all, if one alone has it. What is read for
 * REFRESH_INFO is uploaded too. Error 2003 says that the device cannot be reached, 2106 of a group and 2201 of a tag
 * that there is none. The library's own answers to operations are ERROR_IN_PARAM (1002) and ERROR_PROCESSING (1010,
 * 1022, 3015). Where the host takes neither requests nor messages, operations are answered NOT_SUPPORTED.
 * An operation is not handed over again while the host works on one of its id, or while the answer waits to be sent:
 * one answer serves both. One that is over and is asked for again on a later connection, within request-timeout, gets
 * the same answer once more, as far as NEURON_WS_ANSWERS_KEPT_BYTES_MAX goes.
 *
 * Answers, the library's own too, are messages like any other: they have numbers, and on_delivery tells of them. But
 * an answer goes to the server that asked, and to no other: to a URL of the same scheme, host, port and path, with
 * the same header Host, whatever its query is; that is where redirects led. A connection that only came back gets it.
 * While another server is connected, replies say NEURON_WS_NOT_FOUND; what was queued before that is left out
 * (NEURON_WS_DROPPED_OTHER_SERVER), and the log has a line of it. A server that was started again may number its
 * requests from 1 again: where a request comes by a later connection, with the uuid of one that waits and another
 * content, that one is too late, and the log says so. What the host answers before the new request has come cannot be
 * told apart: servers should not use a uuid twice.
 *
 * A handle is a number in the form of a pointer, which is never used twice: a handle that was freed before, or was none
 * at all, is found out (NEURON_WS_NOT_FOUND).
 */

/*
 * What a request says, for hosts that take events; on_request gets the same. info->size is set by the caller; as much
 * as fits of it is written. A host that did not act on a request at once asks again before it does: TIMEOUT, with the
 * info, means that it is too late, because the server has been told that the request failed, or has given its uuid to
 * something else since.
 * Any thread. NEURON_WS_OK, TIMEOUT, INVALID_ARGUMENT, STRUCT_SIZE, NOT_FOUND, FORKED.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_request_info(neuron_ws_request_t *request, neuron_ws_request_info_t *info);

/*
 * Answers a request with `length` bytes of JSON, which are sent as the node's message-type says, and frees it. The
 * answer is queued behind what waits already; it goes out on the connection that there is then, which may be a later
 * one than the request's, and to the server that asked alone.
 *
 * Any thread, also while the node is being destroyed or after that.
 * Freed with it: NEURON_WS_OK; NOT_RUNNING (the node is destroyed: nobody will hear the answer); NOT_FOUND (too late,
 * the library has answered; another server is connected; the server has given the uuid to something else; or no such
 * request).
 * Still waiting for an answer: INVALID_ARGUMENT, INVALID_JSON, TOO_BIG (more than 64 MiB), QUEUE_FULL (even of what is
 * kept for answers), REFUSED (by before_send, where it sees messages as they are queued), NO_MEMORY, FORKED.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_request_reply(neuron_ws_request_t *request, const char *json,
                                                         size_t length);

/*
 * Sends a partial answer to an OPERATION, {"steps":[{"name":…,"result":…,"description":…},…]} of `length` bytes; its
 * time (setting request-timeout) begins anew. Any number of them may come before the reply. The result of a step is
 * SUCCESSFUL, ERROR, SKIPPED or NOT_EXECUTED.
 *
 * Any thread. NEURON_WS_OK, UNSUPPORTED (no operation), NOT_FOUND (too late, or no such request), NOT_RUNNING (the node
 * is destroyed), INVALID_ARGUMENT, INVALID_JSON, TOO_BIG, QUEUE_FULL, NO_MEMORY, FORKED. The request stays as it is.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_request_progress(neuron_ws_request_t *request, const char *json,
                                                            size_t length);

/*
 * Answers an operation by its id, without its handle: after a restart, or when the handle was dropped. The JSON is an
 * answer as neuron_ws_request_reply takes it, with the operation's "id" and "name", and its "deviceId" and "path" where
 * it had some. Which variables were asked for is not known any more: all are answered that it names. A handle of the id
 * that still waits is answered with it: its reply says NOT_FOUND. It goes to the server of that handle; where there is
 * none, to the one that is connected then. The node need not be running yet.
 *
 * Any thread. NEURON_WS_OK, INVALID_ARGUMENT, INVALID_JSON, TOO_BIG, QUEUE_FULL, NO_MEMORY, NOT_RUNNING, FORKED.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_node_reply(neuron_ws_node_t *node, const char *json, size_t length);

/*
 * Frees a request without an answer: the server hears nothing, and the log has a line of a write or an action that may
 * have been carried out. For hosts that share a server with others, or that end.
 * Any thread, also while the node is being destroyed or after that. NEURON_WS_OK, INVALID_ARGUMENT, NOT_FOUND, FORKED.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_request_drop(neuron_ws_request_t *request);

/* ---------------------------------------------------------------------------------------------------------------------
 * Waiting
 */

/*
 * Waits until every message accepted before this call has reached `level` or another outcome, at most timeout_ms.
 *
 * NEURON_WS_LEVEL_STORED, with a cache on disk (setting offline-cache), has them stored now, whatever sync-interval
 * says: after NEURON_WS_OK each of them has its outcome or is kept beyond the end of the process, as durability says.
 * It is tried at once, also on a disk that has failed before. What was stored long ago is looked for: where the cache's
 * file was deleted, moved or cut meanwhile, it is stored once more; with timeout_ms 0 the answer is what was known
 * before. UNSUPPORTED if the settings keep nothing on disk, SYSTEM if the cache could not be opened, and as soon as it
 * is known that it takes no more: last_error says why.
 *
 * With TIMEOUT and NOT_RUNNING last_error says how many are left, and why: the state's message. With NEURON_WS_OK the
 * events that tell of them can be read.
 *
 * Any thread but the loop thread (WRONG_THREAD). NEURON_WS_OK, TIMEOUT, NOT_RUNNING (the node is not running, or was
 * stopped meanwhile, with messages left), INVALID_ARGUMENT, UNSUPPORTED (a level above the one in force, or above the
 * one that came into force meanwhile), FORKED.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_node_flush(neuron_ws_node_t *node, neuron_ws_level_t level,
                                                      uint32_t timeout_ms);

/* ---------------------------------------------------------------------------------------------------------------------
 * Watching
 */

/*
 * How the node stands. state->size is set by the caller; as much as fits of it is written.
 * Any thread. NEURON_WS_OK, INVALID_ARGUMENT, STRUCT_SIZE, FORKED.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_node_state(neuron_ws_node_t *node, neuron_ws_state_t *state);

/*
 * The node's counters. metrics->size is set by the caller; as much as fits of it is written.
 * Any thread. NEURON_WS_OK, INVALID_ARGUMENT, STRUCT_SIZE, FORKED.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_node_metrics(neuron_ws_node_t *node, neuron_ws_metrics_t *metrics);

/*
 * The same as text, without a NUL behind it. buffer may be NULL when size is 0. *length is written with NEURON_WS_OK
 * and with NEURON_WS_BUFFER_TOO_SMALL.
 * Any thread. NEURON_WS_OK, INVALID_ARGUMENT, BUFFER_TOO_SMALL, NO_MEMORY, FORKED.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_node_metrics_text(neuron_ws_node_t *node,
                                                             neuron_ws_metrics_format_t format, char *buffer,
                                                             size_t size, size_t *length);

/*
 * The metrics of all nodes of this process as one text, in the order in which they were created: with OPENMETRICS each
 * family once, with a sample for each node; with JSON an array of objects, as for one node, with the name as "node"
 * before the rest. Nodes of one name are told apart by a further label or member `number`, from "2" for the second on.
 * Without a node there are no samples. In a forked child the parent's nodes do not count.
 *
 * buffer and length as above; nodes may come and go, and counters grow, between two calls: where the length asked for
 * was too small the next time, ask again. Any thread, while others create and destroy nodes included.
 * NEURON_WS_OK, INVALID_ARGUMENT, BUFFER_TOO_SMALL, NO_MEMORY.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_metrics_text(neuron_ws_metrics_format_t format, char *buffer, size_t size,
                                                        size_t *length);

/*
 * How much the node logs. seconds > 0: after that many the level goes back to the one of the settings; 0: until the
 * next call or configure.
 * Any thread. NEURON_WS_OK, INVALID_ARGUMENT, FORKED.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_node_set_log_level(neuron_ws_node_t *node, neuron_ws_log_level_t level,
                                                              uint32_t seconds);

/*
 * Traces the node's connections for so many seconds from now on, the open one and those that come: the head of each
 * opening handshake, a proxy's too, and each frame is a line of log, "> " what was sent, "< " what came. It ends by
 * itself; a further call begins anew, with its own seconds; 0 ends it now: no line begins after that call. It may be
 * asked for before the start, and goes on across a stop and a start.
 *
 * The lines have the level DEBUG and the category TRACE, and come whatever the log's level is, by on_log or as events.
 * A query and the values of headers that are not known to be harmless are shown as "…", and so is what the server was
 * told in secret, wherever it comes: credentials, a token among the subprotocols too (behind `bearer` or the like, in
 * one name with such a word, or one that looks like a token). Of a payload its first 120 bytes are shown, of a
 * compressed one none. On an open connection it begins with the next frame that is framed or comes; of one that is
 * under way the length of its rest is told. For looking for a fault: it costs as much as the log does.
 * Any thread, callbacks included. NEURON_WS_OK, INVALID_ARGUMENT, FORKED.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_node_trace(neuron_ws_node_t *node, uint32_t seconds);

/*
 * A new connection now. A wait before the next attempt is cut short, one that a server asked for (Retry-After) too, and
 * what is known of failures is forgotten; an attempt under way is begun anew; an open connection is closed with code
 * 1001 and made anew. URLs are tried from the first, before_connect is asked, certificates that were replaced on disk
 * are read again, and so is the environment where the setting proxy is `env`. Nothing that is queued is lost: what was
 * not written or confirmed goes to the next connection. Returns at once; the reason of the connection's end is
 * RECONFIGURED. Of several calls before the loop has looked one counts; on a node that a stop is ending none does.
 * Any thread. NEURON_WS_OK, INVALID_ARGUMENT, NOT_RUNNING (the node is not started), FORKED.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_node_reconnect(neuron_ws_node_t *node);

/*
 * Sends a Ping now, beside those of the setting ping-interval. When its Pong has come, the metrics pongs_received and
 * round_trip_us tell. A second one before the first has left is the same one. A Pong that does not come has no
 * consequence: that is what ping-timeout is for.
 * Any thread. NEURON_WS_OK, INVALID_ARGUMENT, NOT_RUNNING (there is no open connection), FORKED.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_node_ping(neuron_ws_node_t *node);

/* Kinds of events, as bits. */
#define NEURON_WS_EVENT_STATE 1u
#define NEURON_WS_EVENT_MESSAGE 2u
#define NEURON_WS_EVENT_REQUEST 4u
#define NEURON_WS_EVENT_RESPONSE 8u
#define NEURON_WS_EVENT_DELIVERY 16u
#define NEURON_WS_EVENT_LOG 32u
#define NEURON_WS_EVENT_ROOM 64u /* as on_room */
#define NEURON_WS_EVENT_DROPPED 128u /* so many events stood here (count) that the host did not take in time */
#define NEURON_WS_EVENT_ALL 255u

/* What waits of them at most; see neuron_ws_node_event_fd. */
#define NEURON_WS_EVENTS_MAX 65536
#define NEURON_WS_EVENTS_BYTES_MAX 67108864
#define NEURON_WS_EVENT_STATES_MAX 4096
#define NEURON_WS_EVENT_RUNS_MAX 262144

/* An event, for hosts with a loop of their own. */
typedef struct neuron_ws_event {
    size_t size;
    uint32_t kind;                /* one NEURON_WS_EVENT_ bit */
    neuron_ws_kind_t message_kind; /* MESSAGE, RESPONSE */
    uint64_t id;                  /* DELIVERY, RESPONSE */
    neuron_ws_outcome_t outcome;  /* DELIVERY */
    neuron_ws_level_t level;      /* DELIVERY; RESPONSE: ACCEPTED: the command never went out; WRITTEN: it did, at least
                                     in part */
    neuron_ws_log_level_t log_level; /* LOG */
    neuron_ws_status_t status;    /* RESPONSE: how the command ended; bytes are there with NEURON_WS_OK */
    int32_t link;                 /* STATE; the rest by neuron_ws_node_state */
    neuron_ws_phase_t phase;      /* STATE */
    neuron_ws_reason_t reason;    /* STATE */
    neuron_ws_request_t *request; /* REQUEST: owned by the host; neuron_ws_request_info says what it asks */
    const uint8_t *bytes;         /* MESSAGE, RESPONSE, LOG, REQUEST (its document), DELIVERY (with close_code, the
                                     text of that Close frame as in close_reason of the state; else NULL): until the
                                     next next_event on this node, or its destroy. A LOG's are one line and end with
                                     a NUL that length does not count */
    size_t length;
    uint64_t count;               /* DELIVERY: so many messages, id, id + 1, … have this outcome at this level. DROPPED:
                                     so many events were dropped here. Else 0. A host whose struct ends before this
                                     gets one event for each message */
    int32_t close_code;           /* DELIVERY with DROPPED_REFUSED_BY_PEER: of the server's last Close frame, 1009 for
                                     example; 0: it ended the connection without one. Else 0 */
    neuron_ws_log_category_t log_category; /* LOG; else NONE */
} neuron_ws_event_t;

/*
 * From now on events of the kinds in `mask` go into a queue instead of the callbacks. The descriptor, an eventfd that
 * is readable while events wait, goes into the host's own loop; it is the node's and closed by destroy: never read,
 * write or close it. May be called again with another mask; a mask of 0 goes back to callbacks alone.
 *
 * Outcomes are never dropped: consecutive ones that are the same are one event, and while NEURON_WS_EVENT_RUNS_MAX of
 * these wait past the setting queue-max-messages, nothing is taken to be sent (QUEUE_FULL). Nor is the last state: past
 * NEURON_WS_EVENT_STATES_MAX of them a new one takes the place of the last that waits. Nor is the end of a command:
 * they count to NEURON_WS_COMMANDS_MAX. Of all other events
 * NEURON_WS_EVENTS_MAX wait at most, and one is taken, however large, while those have fewer than
 * NEURON_WS_EVENTS_BYTES_MAX bytes. What is dropped is counted (events_dropped), and told once there is room again: an
 * event of the kind DROPPED says how many, in front of the next MESSAGE, REQUEST or LOG that is taken, or behind all
 * that wait. A mask without DROPPED and with LOG gets a line of log in its place; where lines come by on_log, one comes
 * at doubling counts.
 *
 * Any thread. NEURON_WS_OK, INVALID_ARGUMENT (bits that are none), SYSTEM, FORKED.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_node_event_fd(neuron_ws_node_t *node, uint32_t mask, int32_t *descriptor);

/*
 * The next event. event->size is set by the caller. Takes what the descriptor says; when none is left, the descriptor
 * is no longer readable. One thread at a time, because of the borrowed bytes.
 *
 * NEURON_WS_OK, NO_EVENT, INVALID_ARGUMENT, STRUCT_SIZE, FORKED.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_node_next_event(neuron_ws_node_t *node, neuron_ws_event_t *event);

/* ---------------------------------------------------------------------------------------------------------------------
 * Caches on disk, from outside
 *
 * For a tool or a host that looks at what nodes have left in a data directory (settings offline-cache and data-dir)
 * while they do not run. A cache that a node uses is left alone: SYSTEM, and last_error says who holds it; and for as
 * long as one of these functions reads a cache, a node that is created finds it held. What a process that was killed
 * left half done is put right first, as the next node would.
 */

/* Parts of a cache; bits. */
typedef NEURON_WS_ENUM(neuron_ws_cache_part){
    NEURON_WS_CACHE_WAITING = 1,  /* messages that are to be sent */
    NEURON_WS_CACHE_POISONED = 2  /* messages that were set aside, because the server refused them again and again */
    NEURON_WS_ENUM_END(neuron_ws_cache_part)
} neuron_ws_cache_part_t;

/* A cache. Lives, with its texts, during the callback. */
typedef struct neuron_ws_cache {
    size_t size;
    const char *node;         /* whose it is; "": that cannot be read */
    const char *path;         /* of the file, without links */
    const char *error;        /* why the file cannot be read, for people; "": it can, and what follows is so */
    uint64_t messages;        /* that are to be sent */
    uint64_t bytes;           /* that they take, as the setting cache-disk-size counts */
    uint64_t file_bytes;      /* of the file; also with an error */
    int64_t oldest_ms;        /* the time of the data of the first of them, milliseconds since 1970 in UTC; 0: none */
    int64_t newest_ms;        /* of the last one */
    uint64_t poisoned;        /* messages that were set aside */
} neuron_ws_cache_t;

/* A message of a cache. Lives, with its bytes, during the callback. */
typedef struct neuron_ws_cached_message {
    size_t size;
    neuron_ws_cache_part_t part;
    neuron_ws_kind_t kind;
    const uint8_t *bytes;     /* as it goes out: with its number, if the setting sequence was on */
    size_t length;
    int64_t time_ms;          /* of its data; poisoned: when it was set aside. Milliseconds since 1970 in UTC */
    int32_t close_code;       /* poisoned: of the server's last Close frame; 0: the connection ended without one */
    const char *close_reason; /* poisoned: the text of that frame; else "" */
} neuron_ws_cached_message_t;

/*
 * The caches in a directory, in the order of their files' names.
 *
 * on_cache  called for each, on this thread and before the function returns.
 *
 * Any thread. NEURON_WS_OK; NOT_FOUND: there is no such directory; SYSTEM: it cannot be read; INVALID_ARGUMENT.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_cache_list(const char *data_dir,
                                                      void (*on_cache)(const neuron_ws_cache_t *cache, void *context),
                                                      void *context);

/*
 * The messages of a node's cache, in their order; those that are to be sent before the poisoned ones.
 *
 * parts       NEURON_WS_CACHE_ bits.
 * on_message  called for each, on this thread and before the function returns; false: that is enough.
 *
 * Any thread. NEURON_WS_OK; NOT_FOUND: there is no such cache; SYSTEM: it cannot be read, is held, or some messages are
 * damaged, when all others were told; INVALID_ARGUMENT, NO_MEMORY.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_cache_read(const char *data_dir, const char *node, uint32_t parts,
                                                      bool (*on_message)(const neuron_ws_cached_message_t *message,
                                                                         void *context),
                                                      void *context);

/*
 * Puts the poisoned messages of a node's cache in front of those that are to be sent, as the older ones that they are:
 * the next node of this name sends them again. They keep their bytes, with a number too.
 *
 * count  NULL, or receives how many these are.
 *
 * Any thread. NEURON_WS_OK, NOT_FOUND, SYSTEM, INVALID_ARGUMENT, NO_MEMORY, as neuron_ws_cache_read.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_cache_resend(const char *data_dir, const char *node, uint64_t *count);

/*
 * Deletes messages of a node's cache for good, which have no outcome then. With all parts the file goes, a damaged one
 * too, and what was set aside beside it: a node of this name begins anew. What is no cache, or a newer one, stays.
 *
 * parts  NEURON_WS_CACHE_ bits.
 *
 * Any thread. NEURON_WS_OK, NOT_FOUND, SYSTEM, INVALID_ARGUMENT, NO_MEMORY, as neuron_ws_cache_read.
 */
NEURON_WS_API neuron_ws_status_t neuron_ws_cache_drop(const char *data_dir, const char *node, uint32_t parts);

#ifdef __cplusplus
}
#endif

#endif /* NEURON_WS_H */
