// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct TLSPinTests {
    private let bytes = (0..<32).map { UInt8($0 * 7 & 0xFF) }
    private let base64 = "AAcOFRwjKjE4P0ZNVFtiaXB3foWMk5qhqK+2vcTL0tk="
    private let digits = "00070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d9"

    @Test func eachFormIsTaken() {
        for text in [
            base64, String(base64.dropLast()), "sha256/" + base64, "SHA256//" + base64, digits,
            digits.uppercased(), "sha256/" + digits,
            stride(from: 0, to: 64, by: 2).map { String(Array(digits)[$0..<$0 + 2]) }.joined(separator: ":"),
        ] {
            #expect(TLSPin.parse(text) == bytes, "\(text)")
        }
        // A base64 that itself begins with a slash.
        #expect(TLSPin.parse("sha256/" + String(repeating: "/", count: 42) + "8=")?.first == 0xFF)
    }

    @Test func allElseIsNone() {
        for text in ["", "sha256/", base64 + "=", String(base64.dropLast(2)), digits + "0", "md5/" + base64, "é"] {
            #expect(TLSPin.parse(text) == nil, "\(text)")
        }
    }
}
