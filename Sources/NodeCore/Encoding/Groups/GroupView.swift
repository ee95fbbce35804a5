// SPDX-License-Identifier: Apache-2.0
import CJansson
import CNeuronWS
import WebSocketCore

/// A host's group, checked as far as that costs nothing per tag; the tags are checked while they are written.
///
/// It reads the host's memory through raw pointers: tags lie `stride` bytes apart, which for a newer host is more than
/// our struct, so that no typed buffer fits.
public struct GroupView {
    /// The names as the host holds them, without their NUL.
    public let driver: UnsafeRawBufferPointer
    public let group: UnsafeRawBufferPointer
    /// Unix time in ms; 0: now.
    public let timestampMilliseconds: Int64
    let tags: UnsafeRawPointer?
    let tagCount: Int
    /// Bytes from one tag to the next, and from one meta to the next.
    let stride: Int

    /// NEURON_WS_NAME_MAX, NEURON_WS_TAGS_MAX and NEURON_WS_METAS_MAX of the header.
    static let nameBytesMax = Int(NEURON_WS_NAME_MAX)
    static let tagsMax = Int(NEURON_WS_TAGS_MAX)
    static let metasMax = Int(NEURON_WS_METAS_MAX)

    /// Checks a group and its two names.
    public static func open(_ group: UnsafePointer<neuron_ws_group_t>) throws(EncodingError) -> GroupView {
        let given = try copied(group)
        guard let driver = given.driver else { throw .invalidGroup("the group has no driver name") }
        guard let name = given.group else { throw .invalidGroup("the group has no name") }
        return try open(
            given, driver: try checkedName(driver, of: "the driver's name"),
            group: try checkedName(name, of: "the group's name"))
    }

    /// Checks a group whose names do not matter, as in a read response.
    static func openTags(_ group: UnsafePointer<neuron_ws_group_t>) throws(EncodingError) -> GroupView {
        let none = UnsafeRawBufferPointer(start: nil, count: 0)
        return try open(try copied(group), driver: none, group: none)
    }

    private static func copied(_ group: UnsafePointer<neuron_ws_group_t>) throws(EncodingError) -> neuron_ws_group_t {
        do throws(StructSizeError) { return try HostStructs.group.read(group) } catch { throw .structSize(error.text) }
    }

    private static func open(
        _ given: neuron_ws_group_t, driver: UnsafeRawBufferPointer, group: UnsafeRawBufferPointer
    ) throws(EncodingError) -> GroupView {
        if given.tag_count < 0 || given.tag_count > tagsMax {
            throw .tooBig("the group has \(UInt(bitPattern: given.tag_count)) tags, at most \(tagsMax) are taken")
        }
        if given.tag_count > 0 && given.tags == nil {
            throw .invalidGroup("tags is NULL, tag_count \(given.tag_count)")
        }
        let view = GroupView(
            driver: driver, group: group, timestampMilliseconds: given.timestamp_ms,
            tags: given.tags.map { UnsafeRawPointer($0) }, tagCount: given.tag_count, stride: given.tag_size)
        if view.tagCount > 0 { try view.checkTags() }
        return view
    }

    private func checkTags() throws(EncodingError) {
        do throws(StructSizeError) {
            _ = try HostStructs.tag.stride(stride, named: "tag_size")
        } catch { throw .structSize(error.text) }
        // Where it is ours nothing lies behind it, and no tag is looked at.
        if stride <= MemoryLayout<neuron_ws_tag_t>.size { return }
        for index in 0..<tagCount { try Self.checkTail(tag(index), stride: stride) }
    }

    static func checkTail(_ tag: UnsafePointer<neuron_ws_tag_t>, stride: Int) throws(EncodingError) {
        do throws(StructSizeError) {
            try HostStructs.tag.checkTail(tag, size: stride)
        } catch { throw .structSize(error.text) }
    }

    private static func checkedName(
        _ name: UnsafePointer<CChar>, of what: StaticString
    ) throws(EncodingError) -> UnsafeRawBufferPointer {
        let count = strnlen(name, nameBytesMax + 1)
        if count == 0 { throw .invalidGroup("\(what) is empty") }
        if count > nameBytesMax { throw .invalidGroup("\(what) is longer than \(nameBytesMax) bytes") }
        return UnsafeRawBufferPointer(start: name, count: count)
    }

    /// Tag `index` of `tags`.
    @inline(__always)
    func tag(_ index: Int) -> UnsafePointer<neuron_ws_tag_t> {
        // The pointer is there if there is a tag; `open` made sure.
        (tags.unsafelyUnwrapped + index &* stride).assumingMemoryBound(to: neuron_ws_tag_t.self)
    }
}

/// What the encoder asks of a tag or a meta.
struct TagView {
    let pointer: UnsafePointer<neuron_ws_tag_t>

    @inline(__always)
    init(_ pointer: UnsafePointer<neuron_ws_tag_t>) { self.pointer = pointer }

    /// The type's number, whatever it is.
    @inline(__always)
    var type: Int32 { pointer.pointee.type.rawValue }

    /// The error code to report instead of a value, 0 if there is a value. Reads the value only if `error` is 0.
    ///
    /// A number that is not finite has no JSON (RFC 8259 §6): it becomes an error (contract rule C5).
    @inline(__always)
    var errorCode: Int32 {
        let error = pointer.pointee.error
        if error != 0 { return error }
        switch type {
        case 9: return pointer.pointee.value.f32.isFinite ? 0 : TagView.notFinite
        case 10: return pointer.pointee.value.d64.isFinite ? 0 : TagView.notFinite
        case 15: return pointer.pointee.value.i32
        default: return 0
        }
    }

    /// The code that Neuron gives a NaN.
    static let notFinite: Int32 = 3008

    /// The name's bytes; throws what the group's `index`-th tag lacks.
    @inline(__always)
    func name(index: Int, isMeta: Bool = false) throws(EncodingError) -> UnsafeRawBufferPointer {
        guard let start = pointer.pointee.name else { throw TagView.fault("has no name", index: index, isMeta: isMeta) }
        var count = pointer.pointee.name_length
        if count == 0 { count = strnlen(start, GroupView.nameBytesMax + 1) }
        if UInt(bitPattern: count) > UInt(bitPattern: GroupView.nameBytesMax) {
            throw TagView.fault("has a name longer than \(GroupView.nameBytesMax) bytes", index: index, isMeta: isMeta)
        }
        return UnsafeRawBufferPointer(start: start, count: count)
    }

    /// The metas' count, once it is known that they can be read.
    func metaCount(index: Int, stride: Int) throws(EncodingError) -> Int {
        let count = pointer.pointee.meta_count
        if count == 0 { return 0 }
        if count < 0 || count > GroupView.metasMax {
            throw .tooBig("tag \(index) has \(UInt(bitPattern: count)) metas, at most \(GroupView.metasMax) are taken")
        }
        // "NULL: none", says the header, whatever the count.
        if pointer.pointee.metas == nil { return 0 }
        if stride > MemoryLayout<neuron_ws_tag_t>.size {
            for position in 0..<count {
                try GroupView.checkTail(meta(position, stride: stride).pointer, stride: stride)
            }
        }
        return count
    }

    /// Meta `index`, once `metaCount` has said that there is one.
    @inline(__always)
    func meta(_ index: Int, stride: Int) -> TagView {
        TagView(
            (UnsafeRawPointer(pointer.pointee.metas.unsafelyUnwrapped) + index &* stride)
                .assumingMemoryBound(to: neuron_ws_tag_t.self))
    }

    /// The error for what this tag lacks, with its name if it has one.
    @inline(never)
    func fault(_ what: String, index: Int, isMeta: Bool = false) -> EncodingError {
        guard let start = pointer.pointee.name else { return TagView.fault(what, index: index, isMeta: isMeta) }
        var count = pointer.pointee.name_length
        if count == 0 { count = strnlen(start, 64) }
        let shown = UnsafeRawBufferPointer(start: start, count: min(max(count, 0), 64))
        return TagView.fault("(\(ForeignText(shown).shown(charactersMax: 64))) " + what, index: index, isMeta: isMeta)
    }

    /// The error for a tag that no message could hold.
    @inline(never)
    func excess(_ what: String, index: Int) -> EncodingError {
        .tooBig(fault("has \(what); a message has at most \(NEURON_WS_MESSAGE_MAX) bytes", index: index).text)
    }

    @inline(never)
    private static func fault(_ what: String, index: Int, isMeta: Bool) -> EncodingError {
        .invalidGroup((isMeta ? "a meta of tag " : "tag ") + "\(index) " + what)
    }
}
