// SPDX-License-Identifier: Apache-2.0
/// The form of an uploaded message; the numbers are those of the setting `format` and of neuron_ws_format.
public enum UploadFormat: Int32, Sendable {
    case values = 0
    case tags = 1
    case ecp = 2
    case custom = 3
    case openGate = 5
}

/// How groups are written. One instance serves the pushes of many threads at once.
///
/// It is safe to share because nothing of it changes after `init`, nor of the objects it refers to; the compiler cannot
/// see that of StaticTags and CustomTemplate in the subset that Embedded Swift takes, hence `@unchecked`.
public final class EncodingOptions: @unchecked Sendable {
    public let format: UploadFormat
    /// Whether tags with an error are reported (the setting `upload_err`).
    public let reportsErrors: Bool
    /// Tags that are added to each message of all groups.
    public let staticTags: StaticTags?
    /// The template of `UploadFormat.custom`.
    public let template: CustomTemplate?
    /// What `UploadFormat.openGate` says of the gateway.
    public let openGate: OpenGateIdentity
    /// The names of a message's outermost members are the message's own matter.
    public var fillsInMembers: Bool { format == .custom && template?.fillsInMembers == true }

    public init(
        format: UploadFormat, reportsErrors: Bool = true, staticTags: StaticTags? = nil,
        template: CustomTemplate? = nil, openGate: OpenGateIdentity? = nil
    ) {
        self.format = format
        self.reportsErrors = reportsErrors
        self.staticTags = staticTags
        self.template = template
        self.openGate = openGate ?? .none
    }
}

/// What became of a group.
public enum EncodedGroup: Equatable, Sendable {
    /// A message was written, with so many tags that have a value and so many with an error.
    case message(values: Int, errors: Int)
    /// There is nothing to send: no tags, or only errors while they are not reported.
    case skipped
}
