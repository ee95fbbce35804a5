// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct NameTableTests {
    @Test func theEarlierOneOfTheSameNameIsFound() throws {
        let names = ["a", "b", "a", "c", "b", "a"]
        let table = try NameTable.make(nameCountMax: names.count)
        var found: [Int?] = []
        for index in names.indices {
            let hash = hash(names[index], table.seed)
            found.append(table.findOrInsert(hash: hash, name: index) { names[$0] == names[index] })
        }
        #expect(found == [nil, nil, 0, nil, 1, 0])
        #expect(table.find(hash: hash("c", table.seed)) { names[$0] == "c" } == 3)
        #expect(table.find(hash: hash("d", table.seed)) { names[$0] == "d" } == nil)
    }

    /// Twice the names take twice the looks.
    @Test func theNumberOfLooksGrowsAsTheNamesDo() throws {
        var probes: [Int] = []
        for count in [20_000, 40_000] {
            let table = try NameTable.make(nameCountMax: count)
            for index in 0..<count {
                _ = table.findOrInsert(hash: hash("name\(index)", table.seed), name: index) { _ in false }
            }
            probes.append(table.probes)
        }
        #expect(Double(probes[1]) / Double(probes[0]) < 2.6, "\(probes)")
    }

    private func hash(_ name: String, _ seed: UInt64) -> UInt64 {
        Array(name.utf8).withUnsafeBytes { NameHash.of($0, seed: seed) }
    }
}
