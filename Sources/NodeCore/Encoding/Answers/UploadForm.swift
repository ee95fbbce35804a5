// SPDX-License-Identifier: Apache-2.0
/// How a format writes its messages: what the encoder asks instead of which format it is.
struct UploadForm {
    /// What stands around the tags.
    enum Envelope {
        /// `{"node":…,"group":…,"timestamp":…` and the member that holds the entries.
        case gateway(member: StaticString)
        /// `{"version":…,"device":…,"path":…,"datastreams":`
        case openGate
        /// The user's own.
        case template
    }

    /// The tags themselves.
    enum Entries {
        case styled(EntryStyle)
        /// A datastream for each name.
        case datastreams
    }

    /// What stands behind them.
    enum Sections {
        case none
        /// `errors` and `metas`, objects by name.
        case errorsAndMetas
        /// `errors`, an array, where there are some.
        case errors
    }

    /// Which static tags the names know of.
    enum Statics {
        case none
        /// All of them, behind the tags.
        case apart
        /// Those of a tag's name stand with the tag.
        case shared
    }

    let envelope: Envelope
    let entries: Entries
    let sections: Sections
    /// How the names are kept between messages; nil: they are written as they come.
    let keptNames: GroupNames.Form?
    let statics: Statics
    /// Errors have a place in it.
    let hasErrors: Bool

    static func of(_ format: UploadFormat) -> UploadForm {
        switch format {
        case .values:
            UploadForm(
                envelope: .gateway(member: ",\"values\":"), entries: .styled(.values), sections: .errorsAndMetas,
                keptNames: .member, statics: .shared, hasErrors: true)
        case .tags:
            UploadForm(
                envelope: .gateway(member: ",\"tags\":"), entries: .styled(.tags), sections: .none,
                keptNames: .element, statics: .apart, hasErrors: true)
        case .ecp:
            UploadForm(
                envelope: .gateway(member: ",\"tags\":"), entries: .styled(.ecp), sections: .none, keptNames: nil,
                statics: .apart, hasErrors: false)
        case .custom:
            UploadForm(
                envelope: .template, entries: .styled(.customTags), sections: .none, keptNames: .member,
                statics: .none, hasErrors: true)
        case .openGate:
            UploadForm(
                envelope: .openGate, entries: .datastreams, sections: .errors, keptNames: .member, statics: .shared,
                hasErrors: true)
        }
    }
}
