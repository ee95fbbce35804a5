// SPDX-License-Identifier: Apache-2.0
import CLinux
import LoopbackServer

/// A certificate for loopback made on the spot, and a file of its CA's for clients, which goes away with the server.
struct ServeCertificate {
    let certificatePEM: String
    let keyPEM: String
    let authorityPath: String

    /// Why there is none; for people.
    struct Failure: Error { let text: String }

    /// The file goes to a folder of its own, that only this user can enter, below TMPDIR or /tmp.
    static func make() throws(Failure) -> ServeCertificate {
        let authority: CertificateAuthority
        let issued: (certificatePEM: String, keyPEM: String)
        do throws(CertificateError) {
            authority = try CertificateAuthority.make(commonName: "neuron-ws serve CA")
            issued = try authority.issue(names: ["localhost", "127.0.0.1", "::1"])
        } catch { throw Failure(text: error.message) }
        let folder = try makeFolder()
        let path = folder + "/ca.pem"
        do throws(Files.Failure) { try Files.write(Array(authority.certificatePEM.utf8), to: path, mode: 0o644) } catch
        {
            rmdir(folder)
            throw Failure(text: error.text)
        }
        return ServeCertificate(
            certificatePEM: issued.certificatePEM, keyPEM: issued.keyPEM, authorityPath: path)
    }

    private static func makeFolder() throws(Failure) -> String {
        let (path, isMade) = Files.makeTemporaryFolder("neuron-ws-serve")
        guard isMade else {
            throw Failure(
                text: "--tls: cannot make the folder \(path) for the CA's certificate: "
                    + "\(systemErrorText(systemErrorNumber)); set TMPDIR to a folder that can be written")
        }
        return path
    }

    /// Takes the file and its folder away.
    func remove() {
        unlink(authorityPath)
        rmdir(Files.folder(of: authorityPath))
    }
}
