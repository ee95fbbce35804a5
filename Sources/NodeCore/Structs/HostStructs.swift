// SPDX-License-Identifier: Apache-2.0
public import CNeuronWS

/// The structs that hosts pass in and out, each with its first version's size on machines of 64 bits.
///
/// A member that is added later lies behind all that, never in what was padding: an older host would fill it with
/// whatever was there. Tests/CABI/first_version.h has the first versions themselves.
public enum HostStructs {
    /// The largest that is believed, bytes.
    public static let bytesMax = 4096

    public static var host: SizedStruct<neuron_ws_host_t> { SizedStruct("neuron_ws_host_t", firstVersionBytes: 72) }
    public static var group: SizedStruct<neuron_ws_group_t> { SizedStruct("neuron_ws_group_t", firstVersionBytes: 56) }
    /// `tag_size` bytes apart. The encoder reads members in place: one that is added later may be read only where
    /// `tag_size` reaches it.
    public static var tag: SizedStruct<neuron_ws_tag_t> { SizedStruct("neuron_ws_tag_t", firstVersionBytes: 64) }
    /// `stride` bytes apart.
    public static var driverState: SizedStruct<neuron_ws_driver_state_t> {
        SizedStruct("neuron_ws_driver_state_t", firstVersionBytes: 24)
    }
    public static var command: SizedStruct<neuron_ws_command_t> {
        SizedStruct("neuron_ws_command_t", firstVersionBytes: 80)
    }
    public static var state: SizedStruct<neuron_ws_state_t> {
        SizedStruct("neuron_ws_state_t", firstVersionBytes: 2368)
    }
    public static var metrics: SizedStruct<neuron_ws_metrics_t> {
        SizedStruct("neuron_ws_metrics_t", firstVersionBytes: 232)
    }
    public static var requestInfo: SizedStruct<neuron_ws_request_info_t> {
        SizedStruct("neuron_ws_request_info_t", firstVersionBytes: 104)
    }
    public static var event: SizedStruct<neuron_ws_event_t> { SizedStruct("neuron_ws_event_t", firstVersionBytes: 80) }
}
