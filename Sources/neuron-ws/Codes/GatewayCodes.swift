// SPDX-License-Identifier: Apache-2.0
/// What the Neuron gateway's error codes mean (errcodes.h of Neuron 2.6 to 2.15): for `neuron-ws explain`. The words
/// are ours.
enum GatewayCodes {
    static let all = general + nodes + packages + drivers + applications

    /// A driver's own codes (NEU_ERR_PLUGIN_ERROR_START and _END); its manual says what they mean.
    static let driversOwn = 10_000...20_000

    private static let byNumber = Dictionary(uniqueKeysWithValues: all.map { ($0.number, $0) })

    static func find(_ number: Int) -> GatewayCode? { byNumber[number] }

    /// What concerns the gateway as a whole.
    static let general: [GatewayCode] = [
        GatewayCode(0, "SUCCESS", "No error.", "Nothing is to be done."),
        GatewayCode(
            1001, "EINTERNAL", "Something failed inside the gateway.", "Look into the gateway's log at that time."),
        GatewayCode(
            1002, "BODY_IS_WRONG", "The request could not be understood.",
            "Compare it with the request formats: uuid, node, group, and tag with value."),
        GatewayCode(
            1003, "PARAM_IS_WRONG", "A parameter of the request is missing or out of range.",
            "Compare it with the request formats."),
        GatewayCode(1004, "NEED_TOKEN", "The gateway's HTTP API wants a token.", "Log in first and send the token."),
        GatewayCode(1005, "DECODE_TOKEN", "The token could not be read.", "Log in again and send the token whole."),
        GatewayCode(1006, "EXPIRED_TOKEN", "The token has expired.", "Log in again."),
        GatewayCode(1007, "VALIDATE_TOKEN", "The token could not be verified.", "Log in again, at this gateway."),
        GatewayCode(1008, "INVALID_TOKEN", "The token is not valid.", "Log in again, at this gateway."),
        GatewayCode(1009, "INVALID_USER_OR_PASSWORD", "The user or the password is wrong.", "Check both."),
        GatewayCode(
            1010, "IS_BUSY", "It is busy: too many requests wait for an answer.", "Ask again later, or less often."),
        GatewayCode(
            1011, "FILE_NOT_EXIST", "The file does not exist.", "Check the tag's address and the file it names."),
        GatewayCode(
            1012, "INVALID_PASSWORD_LEN", "The password is too short or too long.",
            "Choose one of a length the gateway takes."),
        GatewayCode(1013, "DUPLICATE_PASSWORD", "The new password is the old one.", "Choose another."),
        GatewayCode(
            1014, "COMMAND_EXECUTION_FAILED", "A command on the gateway failed.",
            "Look into the gateway's log at that time."),
        GatewayCode(1015, "IP_ADDRESS_INVALID", "The IP address is not valid.", "Correct the address."),
        GatewayCode(1016, "IP_ADDRESS_IN_USE", "The IP address is in use.", "Choose another address."),
        GatewayCode(1017, "BODY_TOO_BIG", "The request is too large.", "Ask for less at a time."),
        GatewayCode(1018, "INVALID_CID", "The CID file cannot be used.", "Check the file that was uploaded."),
        GatewayCode(1019, "USER_ALREADY_EXISTS", "The user exists already.", "Choose another name."),
        GatewayCode(1020, "USER_NOT_EXISTS", "There is no such user.", "Check the name."),
        GatewayCode(
            1021, "INVALID_USER_LEN", "The user's name is too short or too long.",
            "Choose one of a length the gateway takes."),
        GatewayCode(
            1022, "USER_NO_PERMISSION", "It is not allowed: the node does not let the server do this.",
            "Set allow-requests to read or all, if the server may do it."),
        GatewayCode(1023, "PORT_IN_USE", "The port is in use.", "Choose another port, or end what listens there."),
    ]

    /// Nodes, groups and tags.
    static let nodes: [GatewayCode] = [
        GatewayCode(2002, "NODE_EXIST", "A node of this name exists already.", "Choose another name."),
        GatewayCode(2003, "NODE_NOT_EXIST", "There is no node of this name.", "Check the node's name; case counts."),
        GatewayCode(
            2004, "NODE_SETTING_INVALID", "The node's settings are refused.",
            "Look into the node's log, which names the setting that is wrong."),
        GatewayCode(2005, "NODE_SETTING_NOT_FOUND", "The node has no settings yet.", "Configure the node."),
        GatewayCode(2006, "NODE_NOT_READY", "The node is not ready.", "Configure the node first, then start it."),
        GatewayCode(
            2007, "NODE_IS_RUNNING", "The node is running already.", "Nothing is to be done; or stop it first."),
        GatewayCode(2008, "NODE_NOT_RUNNING", "The node is not running.", "Start the node."),
        GatewayCode(2009, "NODE_IS_STOPED", "The node is stopped.", "Start the node."),
        GatewayCode(2010, "NODE_NAME_TOO_LONG", "The node's name is too long.", "Choose a shorter one."),
        GatewayCode(
            2011, "NODE_NOT_ALLOW_DELETE", "This node must not be deleted.", "Leave it; it belongs to the gateway."),
        GatewayCode(
            2012, "NODE_NOT_ALLOW_SUBSCRIBE", "This node cannot be subscribed to.", "Subscribe to a southbound node."),
        GatewayCode(
            2013, "NODE_NOT_ALLOW_UPDATE", "This node must not be changed.", "Leave it; it belongs to the gateway."),
        GatewayCode(2014, "NODE_NOT_ALLOW_MAP", "This node cannot be mapped.", "Choose a node of another kind."),
        GatewayCode(2015, "NODE_NAME_EMPTY", "The node's name is empty.", "Give it a name."),
        GatewayCode(2016, "NODE_TAGS_TOO_LONG", "The node's tags are too long.", "Shorten them."),
        GatewayCode(2017, "NODE_TAGS_TOO_MANY", "The node has too many tags.", "Give it fewer."),
        GatewayCode(2018, "NODE_TAGS_INVALID", "The node's tags are not valid.", "Check how they are written."),
        GatewayCode(2101, "GROUP_ALREADY_SUBSCRIBED", "The group is subscribed already.", "Nothing is to be done."),
        GatewayCode(
            2102, "GROUP_NOT_SUBSCRIBE", "The group is not subscribed.", "Subscribe it at the northbound node."),
        GatewayCode(
            2103, "GROUP_NOT_ALLOW", "The driver does not take this group.",
            "Look up in the driver's manual what its groups may be."),
        GatewayCode(2104, "GROUP_EXIST", "A group of this name exists already.", "Choose another name."),
        GatewayCode(
            2105, "GROUP_PARAMETER_INVALID", "A parameter of the group is not valid.",
            "Check the group's interval and its name."),
        GatewayCode(2106, "GROUP_NOT_EXIST", "There is no group of this name.", "Check the group's name; case counts."),
        GatewayCode(2107, "GROUP_NAME_TOO_LONG", "The group's name is too long.", "Choose a shorter one."),
        GatewayCode(
            2108, "GROUP_MAX_GROUPS", "The driver takes no more groups.", "Put the tags into the groups that exist."),
        GatewayCode(2201, "TAG_NOT_EXIST", "There is no tag of this name.", "Check the tag's name; case counts."),
        GatewayCode(2202, "TAG_NAME_CONFLICT", "Two tags have the same name.", "Give one of them another name."),
        GatewayCode(
            2203, "TAG_ATTRIBUTE_NOT_SUPPORT", "The driver does not know this attribute, or not for this tag.",
            "Choose read, write or subscribe as the driver has them."),
        GatewayCode(
            2204, "TAG_TYPE_NOT_SUPPORT", "The driver does not know this type, or not for this address.",
            "Choose a type that the driver's manual names."),
        GatewayCode(
            2205, "TAG_ADDRESS_FORMAT_INVALID", "The tag's address is not written as the driver wants it.",
            "Look up the form of addresses in the driver's manual."),
        GatewayCode(2206, "TAG_NAME_TOO_LONG", "The tag's name is too long.", "Choose a shorter one."),
        GatewayCode(2207, "TAG_ADDRESS_TOO_LONG", "The tag's address is too long.", "Shorten it."),
        GatewayCode(2208, "TAG_DESCRIPTION_TOO_LONG", "The tag's description is too long.", "Shorten it."),
        GatewayCode(2209, "TAG_PRECISION_INVALID", "The tag's precision is out of range.", "Choose 0 to 17."),
        GatewayCode(2210, "TAG_EXIST", "A tag of this name exists already.", "Choose another name."),
        GatewayCode(
            2211, "TAG_DECIMAL_INVALID", "The tag's decimal factor is not valid, or not for its type.",
            "Correct the factor."),
        GatewayCode(2212, "TAG_BIAS_INVALID", "The tag's bias is not valid, or not for its type.", "Correct the bias."),
    ]

    /// Plugins, licences and templates.
    static let packages: [GatewayCode] = [
        GatewayCode(2301, "LIBRARY_NOT_FOUND", "The plugin's file is not there.", "Install it again."),
        GatewayCode(
            2302, "LIBRARY_INFO_INVALID", "The plugin's description is not valid.",
            "Install a plugin made for this gateway."),
        GatewayCode(
            2303, "LIBRARY_NAME_CONFLICT", "A plugin of this name exists already.", "Remove the other one first."),
        GatewayCode(
            2304, "LIBRARY_FAILED_TO_OPEN", "The plugin's file could not be loaded.",
            "The gateway's log says why; often a library that it needs is missing."),
        GatewayCode(
            2305, "LIBRARY_MODULE_INVALID", "The file is no plugin of this gateway.",
            "Install a plugin made for this gateway."),
        GatewayCode(
            2306, "LIBRARY_SYSTEM_NOT_ALLOW_DEL", "A plugin that belongs to the gateway must not be removed.",
            "Leave it."),
        GatewayCode(
            2307, "LIBRARY_NOT_ALLOW_CREATE_INSTANCE", "The plugin cannot have another node.",
            "Use the node that there is."),
        GatewayCode(
            2308, "LIBRARY_ARCH_NOT_SUPPORT", "The plugin is for another processor.",
            "Install the one for this machine."),
        GatewayCode(2309, "LIBRARY_IN_USE", "The plugin is in use.", "Remove its nodes first."),
        GatewayCode(
            2310, "LIBRARY_ADD_FAIL", "The plugin could not be added.", "Look into the gateway's log at that time."),
        GatewayCode(
            2311, "LIBRARY_MODULE_ALREADY_EXIST", "This plugin is there already.",
            "Nothing is to be done; or update it instead."),
        GatewayCode(2312, "LIBRARY_MODULE_NOT_EXISTS", "There is no such plugin.", "Check its name."),
        GatewayCode(
            2313, "LIBRARY_MODULE_KIND_NOT_SUPPORT", "The gateway takes no plugin of this kind.",
            "Install a driver or an application."),
        GatewayCode(
            2314, "LIBRARY_MODULE_VERSION_NOT_MATCH", "The plugin is for another version of the gateway.",
            "Install the one for this version."),
        GatewayCode(
            2315, "LIBRARY_NAME_NOT_CONFORM", "The plugin's file has no name that the gateway takes.",
            "Its name begins with libplugin- and ends with .so."),
        GatewayCode(
            2316, "LIBRARY_CLIB_NOT_MATCH", "The plugin is for another C library.",
            "Install the one for this system (glibc or musl)."),
        GatewayCode(
            2317, "LIBRARY_UPDATE_FAIL", "The plugin could not be updated.",
            "Look into the gateway's log at that time."),
        GatewayCode(2400, "LICENSE_NOT_FOUND", "There is no licence.", "Install a licence."),
        GatewayCode(
            2401, "LICENSE_INVALID", "The licence is not valid.",
            "Install the licence that was issued for this gateway."),
        GatewayCode(2402, "LICENSE_EXPIRED", "The licence has expired.", "Install a new licence."),
        GatewayCode(2403, "LICENSE_DISABLED", "The licence does not cover this plugin.", "Install one that does."),
        GatewayCode(
            2404, "LICENSE_MAX_NODES", "The licence allows no more nodes.",
            "Remove nodes, or install a larger licence."),
        GatewayCode(
            2405, "LICENSE_MAX_TAGS", "The licence allows no more tags.", "Remove tags, or install a larger licence."),
        GatewayCode(
            2406, "LICENSE_TOKEN_NOT_MATCH", "The licence is for another machine.",
            "Install the one that was issued for this machine."),
        GatewayCode(2407, "LICENSE_BAD_CLOCK", "The clock was set back.", "Set the gateway's clock right."),
        GatewayCode(2408, "LICENSE_MODULE_INVALID", "The licence's module is not valid.", "Install the gateway again."),
        GatewayCode(2409, "LICENSE_TOKEN_NOT_FOUND", "The licence's hardware token is not there.", "Plug it in."),
        GatewayCode(2500, "TEMPLATE_EXIST", "A template of this name exists already.", "Choose another name."),
        GatewayCode(2501, "TEMPLATE_NOT_FOUND", "There is no such template.", "Check its name."),
        GatewayCode(2502, "TEMPLATE_NAME_TOO_LONG", "The template's name is too long.", "Choose a shorter one."),
    ]
}

/// One of them.
struct GatewayCode {
    static let prefix = "NEU_ERR_"

    let number: Int
    /// "NEU_ERR_PLUGIN_DISCONNECTED"
    let name: String
    let meaning: String
    /// What to do, in a sentence.
    let advice: String

    init(_ number: Int, _ name: String, _ meaning: String, _ advice: String) {
        self.number = number
        self.name = Self.prefix + name
        self.meaning = meaning
        self.advice = advice
    }
}
