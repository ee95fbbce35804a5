// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import neuron_ws

@Suite struct CacheExportTests {
    /// RFC 4648 §10.
    @Test func base64IsTheRFCs() {
        let vectors = [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ]
        for (plain, encoded) in vectors {
            var line: [UInt8] = []
            Array(plain.utf8).withUnsafeBytes { CacheJob.appendBase64($0, to: &line) }
            #expect(String(decoding: line, as: UTF8.self) == encoded)
        }
    }

    @Test func timesAreInUTC() {
        #expect(CacheJob.time(0) == "-")
        #expect(CacheJob.time(1_795_716_292_000) == "2026-11-26 18:04:52Z")
    }
}
