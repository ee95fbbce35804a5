// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NeuronWS
@testable import NodeCore

/// What a push took with it serves those that come.
@Suite struct PushContextTests {
    private func context(capacity: Int = 0) throws -> PushContext {
        let buffer = ByteBuffer(byteCountMax: 4 << 20)
        try buffer.append([UInt8](repeating: 65, count: max(1, capacity)))
        return PushContext(
            encoding: EncodingOptions(format: .values), staticTags: nil, publishTimes: nil,
            stamp: MessageStamp(kind: 1, timeMilliseconds: 0), buffer: buffer, names: GroupNames(), namesHash: 7,
            namesKey: GroupNames.Key(settings: 0, subscription: 0))
    }

    @Test func aBufferComesBackEmptyAndAFewAreKept() throws {
        try withBareNode { node in
            for _ in 0..<6 { node.giveBack(try context(), as: .counted) }
            #expect(node.scratch.count == 4)
            #expect(node.scratch.allSatisfy { $0.bytes.isEmpty })
        }
    }

    @Test func aBufferThatHasGrownFarIsNotKept() throws {
        try withBareNode { node in
            node.giveBack(try context(capacity: 2 << 20), as: .counted)
            #expect(node.scratch.isEmpty)
        }
    }

    @Test func theNamesAreThereForTheNextPushOfTheGroup() throws {
        try withBareNode { node in
            let given = try context()
            node.giveBack(given, as: .counted)
            #expect(node.groupNames.take(7) === given.names)
            #expect(node.groupNames.take(7) == nil)
        }
    }
}

extension ByteBuffer {
    fileprivate var bytes: [UInt8] { withBytes { Array($0) } }
}
