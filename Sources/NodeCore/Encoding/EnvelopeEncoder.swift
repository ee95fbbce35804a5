// SPDX-License-Identifier: Apache-2.0
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
        let form = UploadForm.of(options.format)
        var isCurrent = form.keptNames.map { names.isOf(key, form: $0, tagCount: view.tagCount) } ?? true
        var attempt = 0
        while true {
            if !isCurrent, let kept = form.keptNames {
                try names.build(
                    view, form: kept, key: key, statics: form.statics == .none ? .none : statics,
                    sharesStatics: form.statics == .shared)
            }
            var writer = try ByteWriter.open(buffer)
            let message = Message(
                view: view, names: names, timestampMilliseconds: timestampMilliseconds, options: options, form: form,
                statics: hasStatics ? statics : nil, isNew: !isCurrent)
            if let counts = try message.write(to: &writer) {
                let reportsErrors = options.reportsErrors && form.hasErrors
                // Only errors, which are not reported. Where the form has no place for them, static tags are something
                // to send.
                let isNothing = counts.values == 0 && !reportsErrors && !(options.reportsErrors && hasStatics)
                if isNothing { return .skipped }
                // Until here the buffer has only been made larger; what was written becomes its own now.
                try writer.finish()
                return .message(values: counts.values, errors: reportsErrors ? counts.errors : 0)
            }
            attempt += 1
            if attempt > 1 { throw .invalidGroup("the names of the tags change while the group is read") }
            isCurrent = false
        }
    }
}

/// One message on its way into the buffer.
struct Message {
    let view: GroupView
    let names: GroupNames
    let timestampMilliseconds: Int64
    let options: EncodingOptions
    let form: UploadForm
    /// Nil: there are none.
    let statics: StaticTagSet?
    /// The names were taken in for this very message.
    let isNew: Bool

    /// Nil: the names are not the group's.
    func write(to writer: inout ByteWriter) throws(EncodingError) -> EntryCounts? {
        if names.hasShared { names.resolve(view, reportsErrors: options.reportsErrors) }
        switch form.envelope {
        case .template: return try writeTemplate(to: &writer)
        case .gateway(let member):
            try writer.write("{\"node\":")
            try JSONStringWriter.writeQuoted(view.driver, to: &writer)
            try writer.write(",\"group\":")
            try JSONStringWriter.writeQuoted(view.group, to: &writer)
            try writer.write(",\"timestamp\":")
            try writer.writeInteger(timestampMilliseconds)
            try writer.write(member)
        case .openGate: try options.openGate.begin(device: view.driver, to: &writer)
        }
        guard let counts = try writeEntries(to: &writer) else { return nil }
        try writeSections(counts, to: &writer)
        try writer.writeByte(0x7d)
        return counts
    }

    private func writeTemplate(to writer: inout ByteWriter) throws(EncodingError) -> EntryCounts? {
        guard let template = options.template else { return nil }
        if !isNew && !names.isSame(view) { return nil }
        let counts = count()
        if counts.values > 0 || options.reportsErrors { try template.render(self, to: &writer) }
        return counts
    }

    private func writeEntries(to writer: inout ByteWriter) throws(EncodingError) -> EntryCounts? {
        switch form.entries {
        case .datastreams:
            let time = options.openGate.isReduced ? nil : timestampMilliseconds
            return try DatastreamWriter.write(self, timestampMilliseconds: time, to: &writer)
        case .styled(let style) where form.keptNames == nil:
            return try EntryStyle.write(
                view, style: style, reportsErrors: options.reportsErrors, statics: statics, to: &writer)
        case .styled(let style):
            return try EntryStyle.write(
                view, names, style: style, reportsErrors: options.reportsErrors, statics: statics, to: &writer)
        }
    }

    private func writeSections(_ counts: EntryCounts, to writer: inout ByteWriter) throws(EncodingError) {
        let reportsErrors = counts.errors > 0 && options.reportsErrors
        switch form.sections {
        case .none: return
        case .errors:
            if !reportsErrors { return }
            try writer.write(",\"errors\":")
            try SectionWriter.writeErrorList(view, begin: ",{\"id\":", to: &writer)
        case .errorsAndMetas:
            try writer.write(",\"errors\":")
            if reportsErrors {
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
