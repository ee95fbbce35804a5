// SPDX-License-Identifier: Apache-2.0
#if canImport(Glibc)
    import Glibc
#endif

/// Files of Tests/Data.
enum TestFile {
    static func read(_ path: String) -> [UInt8] {
        guard let file = fopen(path, "rb") else { return [] }
        defer { fclose(file) }
        var result: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = fread(&piece, 1, piece.count, file)
            if count == 0 { return result }
            result += piece[0..<count]
        }
    }
}

/// What printf's "%.*f" writes, in the C locale that a test runs in: the reference for fixed decimals.
func printed(_ value: Double, decimals: Int) -> String {
    var text = [CChar](repeating: 0, count: 512)
    let count = withVaList([Int32(decimals), value]) { vsnprintf(&text, text.count, "%.*f", $0) }
    return String(decoding: text[0..<Int(count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Whether an environment variable asks for the long runs.
let runsLong = getenv("NEURON_WS_LONG_TESTS") != nil
