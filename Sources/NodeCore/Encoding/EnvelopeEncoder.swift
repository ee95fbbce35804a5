public import CNeuronWS

/// Writes a collected group as the message it becomes, straight into an outgoing buffer: no tree, no text in between.
///
/// The forms and every special case are Neuron's contract (Tests/Data/encode-vectors.json) with its corrections C1 to
/// C15. Repeated tag names stand as often as they come; a reader that keeps the last, as jansson does and Neuron's own
/// tree did, sees what Neuron would have sent.
public enum EnvelopeEncoder {
    /// Appends the group's message to `buffer`.
    ///
    /// - Parameters:
    ///   - group: the host's group, borrowed for the call.
    ///   - timestampMilliseconds: Unix time; the caller has put the present in place of 0.
    /// - Returns: what was written, or that there is nothing to send; then, and after an error, the buffer is as it was.
    public static func encode(
        _ group: UnsafePointer<neuron_ws_group_t>, timestampMilliseconds: Int64, options: EncodingOptions,
        into buffer: ByteBuffer
    ) throws(EncodingError) -> EncodedGroup {
        let view = try GroupView.open(group)
        if view.tagCount == 0 { return .skipped }
        var writer = try ByteWriter.open(buffer)
        let counts: EntryCounts
        if options.format == .custom {
            guard let template = options.template else { throw .invalidTemplate("format custom has no schema") }
            counts = try count(view)
            if isNothing(counts, options) { return .skipped }
            try template.render(
                view, timestampMilliseconds: timestampMilliseconds, options: options, to: &writer)
        } else {
            counts = try writeEnvelope(
                view, timestampMilliseconds: timestampMilliseconds, options: options, to: &writer)
            if isNothing(counts, options) { return .skipped }
        }
        // Until here the buffer has only been made larger; what was written becomes its own now.
        try writer.finish()
        let reportsErrors = options.reportsErrors && options.format != .ecp
        return .message(values: counts.values, errors: reportsErrors ? counts.errors : 0)
    }

    /// Only errors, while they are not reported. ECP never reports them, but static tags are something to send.
    private static func isNothing(_ counts: EntryCounts, _ options: EncodingOptions) -> Bool {
        if counts.values > 0 { return false }
        if !options.reportsErrors { return true }
        return options.format == .ecp && options.staticTags?.isEmpty ?? true
    }

    private static func writeEnvelope(
        _ view: GroupView, timestampMilliseconds: Int64, options: EncodingOptions, to writer: inout ByteWriter
    ) throws(EncodingError) -> EntryCounts {
        try writer.write("{\"node\":")
        try JSONStringWriter.writeQuoted(view.driver, to: &writer)
        try writer.write(",\"group\":")
        try JSONStringWriter.writeQuoted(view.group, to: &writer)
        try writer.write(",\"timestamp\":")
        try writer.writeInteger(timestampMilliseconds)
        let reportsErrors = options.reportsErrors
        let counts: EntryCounts
        switch options.format {
        case .values:
            try writer.write(",\"values\":")
            counts = try EntryStyle.write(
                view, style: .values, reportsErrors: reportsErrors, extra: options.staticTags?.values, to: &writer)
            try writer.write(",\"errors\":")
            if counts.errors > 0 && reportsErrors {
                try SectionWriter.writeErrors(view, to: &writer)
            } else {
                try writer.write("{}")
            }
            try writer.write(",\"metas\":")
            if counts.hasMetas {
                try SectionWriter.writeMetas(view, reportsErrors: reportsErrors, to: &writer)
            } else {
                try writer.write("{}")
            }
        case .tags:
            try writer.write(",\"tags\":")
            counts = try EntryStyle.write(
                view, style: .tags, reportsErrors: reportsErrors, extra: options.staticTags?.tags, to: &writer)
        case .ecp:
            try writer.write(",\"tags\":")
            counts = try EntryStyle.write(
                view, style: .ecp, reportsErrors: reportsErrors, extra: options.staticTags?.ecp, to: &writer)
        case .custom, .openGate:
            throw .invalidOptions("format \(options.format.rawValue) has no envelope in this version")
        }
        try writer.writeByte(0x7d)
        return counts
    }

    /// How many tags have a value, how many an error; checks every name, since a template may write none of them.
    private static func count(_ view: GroupView) throws(EncodingError) -> EntryCounts {
        var counts = EntryCounts()
        for index in 0..<view.tagCount {
            let tag = TagView(view.tag(index))
            _ = try tag.name(index: index)
            if tag.errorCode == 0 { counts.values += 1 } else { counts.errors += 1 }
        }
        return counts
    }
}
