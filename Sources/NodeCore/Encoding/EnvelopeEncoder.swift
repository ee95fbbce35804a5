/// Writes a collected group as the message it becomes, straight into an outgoing buffer: no tree, no text in between.
///
/// The forms and every special case are Neuron's contract (Tests/Data/encode-vectors.json) with its corrections C1 to
/// C15. A name stands once in an object, as in the trees that Neuron builds: the last value at the place of the first,
/// and a static tag before a tag. Arrays keep all tags.
public enum EnvelopeEncoder {
    /// Appends the group's message to `buffer`.
    ///
    /// - Parameters:
    ///   - view: the host's group, borrowed for the call.
    ///   - timestampMilliseconds: Unix time; the caller has put the present in place of 0.
    ///   - staticTags: the subscription's, which come after those of the options.
    ///   - names: of this group's last message, or of any other. They are compared, and taken in anew if they differ.
    ///   - key: what the names depend on besides; nil: they are of no use to the next message.
    /// - Returns: what was written, or that there is nothing to send. Then, and after errors, the buffer is as it was.
    public static func encode(
        _ view: GroupView, timestampMilliseconds: Int64, options: EncodingOptions,
        staticTags: StaticTags? = nil, names: GroupNames, key: GroupNames.Key?, into buffer: ByteBuffer
    ) throws(EncodingError) -> EncodedGroup {
        if view.tagCount == 0 { return .skipped }
        let statics = StaticTagSet(node: options.staticTags, own: staticTags)
        let hasStatics = !statics.isEmpty
        if options.format == .custom && options.template == nil {
            throw .invalidTemplate("format custom has no schema")
        }
        let form: GroupNames.Form = options.format == .tags ? .element : .member
        // ECP's names are written as they come.
        var isCurrent = options.format == .ecp || names.isOf(key, form: form, tagCount: view.tagCount)
        var attempt = 0
        while true {
            if !isCurrent {
                try names.build(
                    view, form: form, key: key, statics: options.format == .custom ? .none : statics,
                    sharesStatics: options.format == .values)
            }
            var writer = try ByteWriter.open(buffer)
            let message = Message(
                view: view, names: names, timestampMilliseconds: timestampMilliseconds, options: options,
                statics: hasStatics ? statics : nil, isNew: !isCurrent)
            if let counts = try message.write(to: &writer) {
                if isNothing(counts, options, hasStatics: hasStatics) { return .skipped }
                // Until here the buffer has only been made larger; what was written becomes its own now.
                try writer.finish()
                let reportsErrors = options.reportsErrors && options.format != .ecp
                return .message(values: counts.values, errors: reportsErrors ? counts.errors : 0)
            }
            attempt += 1
            if attempt > 1 { throw .invalidGroup("the names of the tags change while the group is read") }
            isCurrent = false
        }
    }

    /// Only errors, while they are not reported. ECP never reports them, but static tags are something to send.
    private static func isNothing(_ counts: EntryCounts, _ options: EncodingOptions, hasStatics: Bool) -> Bool {
        if counts.values > 0 { return false }
        if !options.reportsErrors { return true }
        return options.format == .ecp && !hasStatics
    }
}

/// One message on its way into the buffer.
struct Message {
    let view: GroupView
    let names: GroupNames
    let timestampMilliseconds: Int64
    let options: EncodingOptions
    /// Nil: there are none.
    let statics: StaticTagSet?
    /// The names were taken in for this very message.
    let isNew: Bool

    /// Nil: the names are not the group's.
    func write(to writer: inout ByteWriter) throws(EncodingError) -> EntryCounts? {
        if names.hasShared { names.resolve(view, reportsErrors: options.reportsErrors) }
        guard let template = options.template, options.format == .custom else { return try writeEnvelope(to: &writer) }
        if !isNew && !names.isSame(view) { return nil }
        let counts = count()
        if counts.values > 0 || options.reportsErrors { try template.render(self, to: &writer) }
        return counts
    }

    private func writeEnvelope(to writer: inout ByteWriter) throws(EncodingError) -> EntryCounts? {
        try writer.write("{\"node\":")
        try JSONStringWriter.writeQuoted(view.driver, to: &writer)
        try writer.write(",\"group\":")
        try JSONStringWriter.writeQuoted(view.group, to: &writer)
        try writer.write(",\"timestamp\":")
        try writer.writeInteger(timestampMilliseconds)
        let reportsErrors = options.reportsErrors
        let counts: EntryCounts?
        switch options.format {
        case .values:
            try writer.write(",\"values\":")
            counts = try EntryStyle.write(
                view, names, style: .values, reportsErrors: reportsErrors, statics: statics, to: &writer)
            if let counts { try writeSections(counts, to: &writer) }
        case .tags:
            try writer.write(",\"tags\":")
            counts = try EntryStyle.write(
                view, names, style: .tags, reportsErrors: reportsErrors, statics: statics, to: &writer)
        case .ecp:
            try writer.write(",\"tags\":")
            counts = try EntryStyle.write(
                view, style: .ecp, reportsErrors: reportsErrors, statics: statics, to: &writer)
        case .custom, .openGate:
            throw .invalidOptions("format \(options.format.rawValue) has no envelope in this version")
        }
        try writer.writeByte(0x7d)
        return counts
    }

    /// What values-format has behind the values.
    private func writeSections(_ counts: EntryCounts, to writer: inout ByteWriter) throws(EncodingError) {
        try writer.write(",\"errors\":")
        if counts.errors > 0 && options.reportsErrors {
            try SectionWriter.writeErrors(view, names, to: &writer)
        } else {
            try writer.write("{}")
        }
        try writer.write(",\"metas\":")
        if counts.hasMetas {
            try SectionWriter.writeMetas(view, names, reportsErrors: options.reportsErrors, to: &writer)
        } else {
            try writer.write("{}")
        }
    }

    /// How many tags have a value, how many an error.
    private func count() -> EntryCounts {
        var counts = EntryCounts()
        for index in 0..<view.tagCount {
            if TagView(view.tag(index)).errorCode == 0 { counts.values += 1 } else { counts.errors += 1 }
        }
        return counts
    }
}
