// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NeuronWS
@testable import NodeCore

@Suite struct ThreadEncoderTests {
    @Test func aThreadHasOneAndKeepsIt() {
        let first = ThreadEncoder.with { encoder in ObjectIdentifier(encoder) }
        #expect(ThreadEncoder.with { ObjectIdentifier($0) } == first)
    }

    @Test func whileItIsInUseThereIsAnother() {
        ThreadEncoder.with { outer in
            ThreadEncoder.with { inner in #expect(inner !== outer) }
        }
    }

    @Test func itComesBackEmptyAndWithoutMuchMemory() throws {
        for count in [10, 1 << 20] {
            let status = ThreadEncoder.with { encoder -> Bool in
                (try? encoder.buffer.append([UInt8](repeating: 65, count: count))) != nil
            }
            #expect(status)
            ThreadEncoder.with { encoder in
                #expect(encoder.buffer.withBytes { $0.isEmpty } && encoder.buffer.capacity <= 64 * 1024)
            }
        }
    }
}
