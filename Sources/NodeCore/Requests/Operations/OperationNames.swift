// SPDX-License-Identifier: Apache-2.0
import CJansson

/// The names that an answer to an operation speaks of, each found at once.
final class OperationNames {
    /// What is known of a name without a group. Places are of tags; -1: none.
    struct Head: BitwiseCopyable {
        let first: Int32
        var last: Int32
        /// The last one of those that a group has: what a group does not have does not make a name ambiguous.
        var counted: Int32 = -1
        /// The last one without a group.
        var ungrouped: Int32 = -1
        /// Groups that have it, and the tags of the first of them.
        var groupCount: Int32 = 0
        var shown: SIMD4<Int32> = .zero

        /// Groups that are named where a name is in several.
        var shownCount: Int { min(Int(groupCount), 4) }
    }

    /// `group/tag` in the text of all of them, and the last tag of it.
    private struct Path: BitwiseCopyable {
        let start: Int
        let end: Int
        var last: Int32
    }

    private var heads = RawList<Head>()
    private let byName: NameTable
    private let pathText = ByteBuffer(byteCountMax: .max)
    private var paths = RawList<Path>()
    private let byPath: NameTable
    /// Of each failed group's name the last one.
    private var lastFailed = RawList<Int32>()
    private let byFailedName: NameTable

    init(_ variables: OperationVariables) throws(EncodingError) {
        byName = try NameTable.make(nameCountMax: variables.tags.count)
        byPath = try NameTable.make(nameCountMax: variables.tags.count)
        byFailedName = try NameTable.make(nameCountMax: variables.failedGroups.count)
        let groups = try NameTable.make(nameCountMax: variables.tags.count)
        for place in 0..<variables.tags.count { try add(place, groups, variables) }
        for place in 0..<variables.failedGroups.count {
            try lastFailed.append(Int32(place))
            let name = variables.failedGroups[place].name
            let known = byFailedName.findOrInsert(hash: NameHash.of(name, seed: byFailedName.seed), name: place) {
                variables.failedGroups[$0].name.elementsEqual(name)
            }
            if let known { lastFailed[known] = Int32(place) }
        }
    }

    private func add(
        _ place: Int, _ groups: NameTable, _ variables: OperationVariables
    ) throws(EncodingError) {
        let tag = variables.tags[place]
        let number = Int32(place)
        let known = byName.findOrInsert(hash: NameHash.of(tag.name, seed: byName.seed), name: heads.count) {
            variables.tags[Int(heads[$0].first)].name.elementsEqual(tag.name)
        }
        let head = known ?? heads.count
        if known == nil {
            try heads.append(Head(first: number, last: number))
        } else {
            variables.setNext(Int(heads[head].last), place)
            heads[head].last = number
        }
        let isGrouped = tag.group.baseAddress != nil
        if isGrouped { try addPath(tag, number) } else { heads[head].ungrouped = number }
        if tag.isUnknown { return }
        heads[head].counted = number
        if isGrouped, Self.isNew(place, tag, groups, variables) {
            let count = Int(heads[head].groupCount)
            if count < 4 { heads[head].shown[count] = number }
            heads[head].groupCount += 1
        }
    }

    /// Whether it is the first tag of its name and group.
    private static func isNew(
        _ place: Int, _ tag: OperationVariables.Tag, _ groups: NameTable, _ variables: OperationVariables
    ) -> Bool {
        let known = groups.findOrInsert(hash: tag.hash(groups.seed), name: place) { variables.tags[$0].isBeside(tag) }
        return known == nil
    }

    private func addPath(_ tag: OperationVariables.Tag, _ number: Int32) throws(EncodingError) {
        let start = pathText.count
        try pathText.append(tag.group)
        try pathText.append(UInt8(ascii: "/"))
        try pathText.append(tag.name)
        let path = pathText.part(start, pathText.count)
        let known = byPath.findOrInsert(hash: NameHash.of(path, seed: byPath.seed), name: paths.count) {
            pathText.part(paths[$0].start, paths[$0].end).elementsEqual(path)
        }
        if let known {
            paths[known].last = number
        } else {
            try paths.append(Path(start: start, end: pathText.count, last: number))
        }
    }

    // MARK: What is known

    /// Different names.
    var count: Int { heads.count }

    /// The first tag of a name.
    func first(_ index: Int) -> Int { Int(heads[index].first) }

    func head(_ name: UnsafeRawBufferPointer, _ variables: OperationVariables) -> Head? {
        byName.find(hash: NameHash.of(name, seed: byName.seed)) {
            variables.tags[Int(heads[$0].first)].name.elementsEqual(name)
        }.map { heads[$0] }
    }

    /// The last tag of this path.
    func tag(path: UnsafeRawBufferPointer) -> Int? {
        byPath.find(hash: NameHash.of(path, seed: byPath.seed)) {
            pathText.part(paths[$0].start, paths[$0].end).elementsEqual(path)
        }.map { Int(paths[$0].last) }
    }

    func failedGroup(_ name: UnsafeRawBufferPointer, _ variables: OperationVariables) -> Int? {
        byFailedName.find(hash: NameHash.of(name, seed: byFailedName.seed)) {
            variables.failedGroups[$0].name.elementsEqual(name)
        }.map { Int(lastFailed[$0]) }
    }
}

/// The datastreams that an answer's values make, each of a name and its group, in the order in which they came first.
struct OperationStreams: ~Copyable {
    struct Stream: BitwiseCopyable {
        let first: Int32
        var last: Int32
    }

    private(set) var list = RawList<Stream>()
    /// Of each tag the next one of its datastream; -1: none.
    private(set) var next = RawList<Int32>()

    init(_ variables: OperationVariables) throws(EncodingError) {
        let table = try NameTable.make(nameCountMax: variables.tags.count)
        for place in 0..<variables.tags.count {
            let tag = variables.tags[place]
            try next.append(-1)
            if tag.error != 0 || tag.value == nil { continue }
            let known = table.findOrInsert(hash: tag.hash(table.seed), name: list.count) {
                variables.tags[Int(list[$0].first)].isBeside(tag)
            }
            if let known {
                next[Int(list[known].last)] = Int32(place)
                list[known].last = Int32(place)
            } else {
                try list.append(Stream(first: Int32(place), last: Int32(place)))
            }
        }
    }
}
