// SPDX-License-Identifier: Apache-2.0
#if canImport(Glibc)
    import Glibc
#endif
import NodeCore
import Testing

/// README.md holds the table as it is written here; `NEURON_WS_WRITE_SETTINGS=1 swift test --filter SettingsMarkdown`
/// puts it there anew.
@Suite struct SettingsMarkdownTests {
    @Test func theReadmeHoldsTheTable() throws {
        let path = #filePath.split(separator: "/").dropLast(5).map { "/" + $0 }.joined() + "/README.md"
        let readme = String(decoding: TestFile.read(path), as: UTF8.self)
        let begin = try #require(readme.firstRange(of: "<!-- settings -->\n")).upperBound
        let end = try #require(readme[begin...].firstRange(of: "<!-- end of settings -->")).lowerBound
        let table = SettingsTable.markdownTable()
        if getenv("NEURON_WS_WRITE_SETTINGS") != nil {
            let file = try #require(fopen(path, "w"))
            fputs(readme[..<begin] + table + readme[end...], file)
            fclose(file)
        } else {
            #expect(readme[begin..<end] == table)
        }
    }
}
