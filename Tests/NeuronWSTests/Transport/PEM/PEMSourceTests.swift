// SPDX-License-Identifier: Apache-2.0
import CLinux
import Testing
import WebSocketCore

@testable import NeuronWS

@Suite struct PEMSourceTests {
    private let pem = "-----BEGIN X-----\nAAAA\n-----END X-----\n"
    private let base64 = "LS0tLS1CRUdJTiBYLS0tLS0KQUFBQQotLS0tLUVORCBYLS0tLS0K"

    private func decoded(_ text: String) throws -> [UInt8] {
        try PEMSource.decode(text: SecretBytes(text)).pem.bytes
    }

    private func error(_ text: String) -> String? {
        do throws(PEMSourceError) {
            _ = try PEMSource.decode(text: SecretBytes(text))
            return nil
        } catch {
            return error.detail
        }
    }

    /// A file that lives as long as the test.
    private func withFile(_ content: [UInt8], _ body: (String) -> Void) {
        let path = "/tmp/neuron_ws-pem-\(Random.next())"
        let file = fopen(path, "w")
        fwrite(content, 1, content.count, file)
        fclose(file)
        defer { unlink(path) }
        body(path)
    }

    @Test func takesPEMText() throws {
        #expect(try decoded(pem) == Array(pem.utf8))
        #expect(try decoded("comment\n" + pem) == Array(("comment\n" + pem).utf8))
    }

    @Test func takesBase64OfPEMText() throws {
        #expect(try decoded(base64) == Array(pem.utf8))
        // As some encoders break it into lines, and without padding.
        let broken = base64.prefix(20) + "\r\n" + base64.dropFirst(20) + "\n"
        #expect(try decoded(String(broken)) == Array(pem.utf8))
    }

    @Test func takesAFile() throws {
        var found: [UInt8]?
        withFile(Array(pem.utf8)) { found = try? decoded($0) }
        #expect(found == Array(pem.utf8))
    }

    @Test func tellsWhatItFound() throws {
        #expect(error("") == "is empty")
        #expect(error(" \n") == "is empty")
        #expect(
            error("/no/such/file.pem")
                == "names the file /no/such/file.pem, which does not exist or may not be looked up")
        #expect(error("/tmp") == "names /tmp, which is a directory, not a file")
        #expect(error("/dev/null") == "names /dev/null, which is not a regular file")
        #expect(
            error("no such thing!")
                == "is neither PEM text (-----BEGIN …), nor base64 of it, nor the path of a file that exists"
                + " (14 bytes of text)")
        #expect(error("MIIB" + String(repeating: "A", count: 124))?.hasPrefix("holds base64 of DER (binary)") == true)
        #expect(error(String(repeating: "QUJD", count: 32))?.hasPrefix("holds base64 of something") == true)
        #expect(error("-----BEGI\u{0}") == "holds binary data, not PEM text")
    }

    @Test func tellsAFileThatHoldsNoPEM() throws {
        withFile([]) { #expect(error($0) == "names the file \($0), which is empty") }
        withFile([0x30, 0x82, 1, 2]) { #expect(error($0)?.contains("which holds DER (binary)") == true) }
        withFile(Array("hello".utf8)) { #expect(error($0)?.contains("which holds no PEM") == true) }
        withFile([UInt8](repeating: 0x41, count: 1024 * 1024 + 1)) {
            #expect(error($0) == "names the file \($0), which cannot be read: it is larger than 1 MiB")
        }
    }

    @Test func neverShowsASecret() {
        let secret = "topsecret" + String(repeating: "!", count: 90)
        #expect(error(secret)?.contains("topsecret") == false)
    }

    private func withKeyFile(_ mode: mode_t, _ content: String? = nil, _ body: (String) -> Void) {
        let key = content ?? "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
        withFile(Array(key.utf8)) {
            chmod($0, mode)
            body($0)
        }
    }

    private func warning(_ path: String) -> String? {
        (try? PEMSource.decode(text: SecretBytes(path)))?.warning
    }

    @Test(arguments: [(mode_t(0o602), "everybody"), (0o666, "everybody"), (0o620, "its group"), (0o660, "its group")])
    func refusesAKeyThatOthersMayWrite(mode: mode_t, who: String) {
        withKeyFile(mode) {
            #expect(
                error($0)
                    == "names the file \($0), which holds a private key and which \(who) may write: make sure that the "
                    + "key in it is yours, then chmod 600 \($0)")
        }
    }

    @Test(arguments: [mode_t(0o644), 0o604])
    func warnsOfAKeyThatEverybodyMayRead(mode: mode_t) {
        withKeyFile(mode) {
            #expect(error($0) == nil)
            #expect(
                warning($0)
                    == "names the file \($0), which holds a private key and which everybody may read: chmod 600 \($0)")
        }
    }

    @Test(arguments: [mode_t(0o600), 0o400, 0o640])
    func takesAKeyThatIsKeptToItsOwner(mode: mode_t) {
        withKeyFile(mode) { #expect(error($0) == nil && warning($0) == nil) }
    }

    @Test func letsEverybodyReadACertificate() {
        withKeyFile(0o666, pem) { #expect(error($0) == nil && warning($0) == nil) }
    }

    @Test func spellsOutWhatIsOddInAPath() {
        let told = error("/no\u{1B}[2J\nfile")
        #expect(told?.hasPrefix(#"names the file /no\u{1b}[2J\u{a}file, which does not exist"#) == true)
    }
}
