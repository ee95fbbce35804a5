import CLinux
import Testing

@testable import NeuronWS

@Suite struct PEMSourceTests {
    private let pem = "-----BEGIN X-----\nAAAA\n-----END X-----\n"
    private let base64 = "LS0tLS1CRUdJTiBYLS0tLS0KQUFBQQotLS0tLUVORCBYLS0tLS0K"

    private func error(_ text: String) -> String? {
        do throws(PEMSourceError) {
            _ = try PEMSource.decode(text: text)
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
        #expect(try PEMSource.decode(text: pem) == Array(pem.utf8))
        #expect(try PEMSource.decode(text: "comment\n" + pem) == Array(("comment\n" + pem).utf8))
    }

    @Test func takesBase64OfPEMText() throws {
        #expect(try PEMSource.decode(text: base64) == Array(pem.utf8))
        // As some encoders break it into lines, and without padding.
        let broken = base64.prefix(20) + "\r\n" + base64.dropFirst(20) + "\n"
        #expect(try PEMSource.decode(text: String(broken)) == Array(pem.utf8))
    }

    @Test func takesAFile() throws {
        var decoded: [UInt8]?
        withFile(Array(pem.utf8)) { decoded = try? PEMSource.decode(text: $0) }
        #expect(decoded == Array(pem.utf8))
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

    @Test func decodesBase64() {
        // RFC 4648 section 10.
        for (text, plain) in [
            ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"), ("Zm9vYmE", "fooba"),
            ("Zm9v\nYmFy", "foobar"),
        ] {
            #expect(PEMSource.decodeBase64(Array(text.utf8)) == Array(plain.utf8))
        }
        for text in ["", "Z", "Zm9vY", "Zm9v*", "Zg==Zg"] { #expect(PEMSource.decodeBase64(Array(text.utf8)) == nil) }
        #expect(PEMSource.decodeBase64(Array("+/+/".utf8)) == [0xfb, 0xff, 0xbf])
    }
}
