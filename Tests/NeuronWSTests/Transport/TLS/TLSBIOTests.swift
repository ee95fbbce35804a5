// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Testing

@testable import NeuronWS

/// A session's buffers, as OpenSSL sees them.
@Suite struct TLSBIOTests {
    private func withBIO(_ body: (TLSSession, OpaquePointer) throws -> Void) throws {
        let pool = BufferPool(bufferBytes: 16 * 1024, keptMax: 1)
        let peer = TLSPeer(name: "localhost", text: "localhost:1")
        let session = try TLSSession.make(try Plant.client(), peer, pool: pool).get()
        let bio = try #require(TLSBIO.make(for: session))
        defer { BIO_free(bio) }
        try body(session, bio)
    }

    @Test func itReadsWhatWasLentAndAsksForMore() throws {
        try withBIO { session, bio in
            var space = [UInt8](repeating: 0, count: 4)
            var count = 9
            #expect(BIO_read_ex(bio, &space, 4, &count) == 0)
            #expect(BIO_test_flags(bio, BIO_FLAGS_SHOULD_RETRY) != 0)
            let lent: [UInt8] = [1, 2, 3, 4, 5, 6]
            lent.withUnsafeBytes { bytes in
                session.feed(bytes)
                #expect(BIO_read_ex(bio, &space, 4, &count) == 1 && count == 4 && space == [1, 2, 3, 4])
                #expect(BIO_test_flags(bio, BIO_FLAGS_SHOULD_RETRY) == 0)
                #expect(session.unreadBytes.count == 2)
                #expect(BIO_read_ex(bio, &space, 4, &count) == 1 && count == 2)
                #expect(BIO_read_ex(bio, &space, 4, &count) == 0)
                session.feed(UnsafeRawBufferPointer(start: nil, count: 0))
            }
        }
    }

    @Test func whatItWritesIsTheSessionsOutput() throws {
        try withBIO { session, bio in
            var count = 0
            #expect(BIO_write_ex(bio, [7, 8, 9] as [UInt8], 3, &count) == 1 && count == 3)
            #expect(Array(session.output) == [7, 8, 9])
            session.releaseOutput()
        }
    }

    @Test func flushingIsDoneAndAllElseUnknown() throws {
        try withBIO { _, bio in
            #expect(BIO_ctrl(bio, BIO_CTRL_FLUSH, 0, nil) == 1)
            #expect(BIO_ctrl(bio, BIO_CTRL_EOF, 0, nil) == 0)
        }
    }
}
