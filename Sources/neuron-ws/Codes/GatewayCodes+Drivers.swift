// SPDX-License-Identifier: Apache-2.0
/// The codes of southbound drivers and of northbound applications.
extension GatewayCodes {
    /// What a driver says of its device: the codes that stand beside tags.
    static let drivers: [GatewayCode] = [
        GatewayCode(
            3000, "PLUGIN_READ_FAILURE", "The driver could not read the tag.",
            "Look into the driver's log; check the tag's address at the device."),
        GatewayCode(
            3001, "PLUGIN_WRITE_FAILURE", "The driver could not write the tag.",
            "Look into the driver's log; check the address, and whether the device lets it be written."),
        GatewayCode(
            3002, "PLUGIN_DISCONNECTED", "The driver has no connection to the device.",
            "Check the device's power, cable, address and port, and the driver's settings."),
        GatewayCode(3003, "PLUGIN_TAG_NOT_ALLOW_READ", "The tag must not be read.", "Give the tag the attribute read."),
        GatewayCode(
            3004, "PLUGIN_TAG_NOT_ALLOW_WRITE", "The tag must not be written.", "Give the tag the attribute write."),
        GatewayCode(
            3007, "PLUGIN_TAG_TYPE_MISMATCH", "The value does not have the tag's type.",
            "Send a value of the tag's type, or correct the type."),
        GatewayCode(
            3008, "PLUGIN_TAG_VALUE_EXPIRED", "The value is too old: the driver has not read it for a while.",
            "Check the device; lengthen the group's interval if the device is slow."),
        GatewayCode(
            3009, "PLUGIN_PROTOCOL_DECODE_FAILURE", "The device's answer could not be understood.",
            "Check that the driver's protocol, byte order and station number are the device's."),
        GatewayCode(3010, "PLUGIN_NOT_RUNNING", "The driver is not running.", "Start the driver's node."),
        GatewayCode(
            3011, "PLUGIN_TAG_NOT_READY", "The tag has not been read yet.", "Wait for one interval of the group."),
        GatewayCode(
            3012, "PLUGIN_PACKET_OUT_OF_ORDER", "The device's answers came out of order.",
            "Lengthen the driver's timeout and the group's interval."),
        GatewayCode(3013, "PLUGIN_NAME_TOO_LONG", "The plugin's name is too long.", "Choose a shorter one."),
        GatewayCode(3014, "PLUGIN_NOT_FOUND", "The plugin is not there.", "Install it."),
        GatewayCode(
            3015, "PLUGIN_DEVICE_NOT_RESPONSE", "There was no answer in time.",
            "Check that the device is reachable; lengthen the driver's timeout or request-timeout."),
        GatewayCode(3016, "PLUGIN_NOT_SUPPORT_TEMPLATE", "The driver takes no templates.", "Add its tags one by one."),
        GatewayCode(
            3017, "PLUGIN_NOT_SUPPORT_WRITE_TAGS", "The driver cannot write several tags at once.",
            "Write one tag at a time."),
        GatewayCode(
            3018, "PLUGIN_NOT_SUPPORT_READ_SYNC", "The driver cannot be read at once.",
            "Leave sync out; the last value read is sent then."),
        GatewayCode(
            3019, "PLUGIN_TYPE_NOT_SUPPORT", "The driver does not know this type.",
            "Choose a type that the driver's manual names."),
        GatewayCode(
            3020, "PLUGIN_TAG_VALUE_OUT_OF_RANGE", "The value is out of the tag's range.",
            "Send one that fits the tag's type."),
        GatewayCode(
            3021, "PLUGIN_NOT_SUPPORT_SCAN_TAGS", "The driver cannot look for tags.",
            "Add its tags by hand or from a file."),
        GatewayCode(
            3022, "PLUGIN_NOT_SUPPORT_TEST_READ_TAG", "The driver cannot test a single tag.",
            "Read its group instead."),
        GatewayCode(
            3023, "PLUGIN_NOT_SUPPORT_EXE_ACTION", "The driver has no actions.", "Ask for a read or a write instead."),
        GatewayCode(
            3024, "PLUGIN_NOT_SUPPORT_DIRECTORY", "The driver has no directories.", "Ask for something else of it."),
        GatewayCode(
            3025, "PLUGIN_NOT_SUPPORT_FUP_OPEN", "The driver takes no files: an upload cannot be opened.",
            "Ask for something else of it."),
        GatewayCode(
            3026, "PLUGIN_NOT_SUPPORT_FDOWN_OPEN", "The driver gives no files: a download cannot be opened.",
            "Ask for something else of it."),
        GatewayCode(
            3027, "PLUGIN_NOT_SUPPORT_FUP_DATA", "The driver takes no files: nothing can be uploaded.",
            "Ask for something else of it."),
        GatewayCode(
            3028, "PLUGIN_NOT_SUPPORT_FDOWN_DATA", "The driver gives no files: nothing can be downloaded.",
            "Ask for something else of it."),
        GatewayCode(
            3029, "PLUGIN_NOT_SUPPORT_IMPORT_TAGS", "The driver cannot take tags from a file.",
            "Add its tags one by one."),
    ]

    /// Northbound applications.
    static let applications: [GatewayCode] = [
        GatewayCode(4000, "MQTT_FAILURE", "The MQTT node failed.", "Look into its log."),
        GatewayCode(4001, "MQTT_NO_CERTFILESET", "The MQTT node wants a certificate.", "Set it."),
        GatewayCode(
            4002, "MQTT_CERTFILE_LOAD_FAILURE", "The MQTT node cannot load its certificate.",
            "Check the certificate and its key."),
        GatewayCode(4003, "MQTT_OPTION_IS_NULL", "The MQTT node lacks settings.", "Configure it."),
        GatewayCode(4004, "MQTT_TOPIC_EMPTY", "An MQTT topic is empty.", "Set the topic."),
        GatewayCode(4005, "MQTT_IS_NULL", "The MQTT node has no client.", "Configure it and start it again."),
        GatewayCode(4006, "MQTT_INIT_FAILURE", "The MQTT node cannot begin.", "Check its settings and its log."),
        GatewayCode(
            4007, "MQTT_CONNECT_FAILURE", "The MQTT broker cannot be reached.", "Check host, port, and the broker."),
        GatewayCode(
            4008, "MQTT_SUBSCRIBE_TIMEOUT", "The MQTT broker did not answer a subscription in time.",
            "Check the broker."),
        GatewayCode(
            4009, "MQTT_SUBSCRIBE_LIST_INITIAL_FAILURE", "The MQTT node's list of subscriptions cannot be made.",
            "Look into its log."),
        GatewayCode(
            4010, "MQTT_SUBSCRIBE_FAILURE", "The MQTT broker refused a subscription.",
            "Check what the broker lets this client read."),
        GatewayCode(
            4011, "MQTT_SUBSCRIBE_ADD_REPEAT", "The MQTT topic is subscribed already.", "Nothing is to be done."),
        GatewayCode(
            4012, "MQTT_SUBSCRIBE_ADD_FAILURE", "The MQTT topic could not be added.", "Look into the node's log."),
        GatewayCode(
            4013, "MQTT_UNSUBSCRIBE_FAILURE", "The MQTT topic could not be given up.", "Look into the node's log."),
        GatewayCode(
            4014, "MQTT_PUBLISH_FAILURE", "A message could not be published by MQTT.",
            "Check the connection to the broker."),
        GatewayCode(4015, "MQTT_SUSPENDED", "The MQTT node is suspended.", "Resume it."),
        GatewayCode(4016, "MQTT_PUBLISH_OVER_LENGTH", "The MQTT message is too long.", "Subscribe smaller groups."),
        GatewayCode(4100, "STRING_TOO_LONG", "A text is too long.", "Shorten it."),
        GatewayCode(
            4101, "FILE_OPEN_FAILURE", "A file could not be opened.", "Check that it is there and may be read."),
        GatewayCode(4102, "FILE_READ_FAILURE", "A file could not be read.", "Check the disk and the file's rights."),
        GatewayCode(
            4103, "FILE_WRITE_FAILURE", "A file could not be written.", "Check the disk's room and the file's rights."),
        GatewayCode(4200, "DATALAYERS_FAILURE", "The Datalayers node failed.", "Look into its log."),
        GatewayCode(
            4201, "DATALAYERS_INIT_FAILURE", "The Datalayers node cannot begin.", "Check its settings and its log."),
        GatewayCode(
            4202, "DATALAYERS_CONNECT_FAILURE", "The Datalayers database cannot be reached.",
            "Check host, port, and the database."),
        GatewayCode(
            4203, "DATALAYERS_IS_NULL", "The Datalayers node has no client.", "Configure it and start it again."),
    ]
}
