// SPDX-License-Identifier: Apache-2.0
import NodeCore
import Testing

@Suite struct LookupQuestionTests {
    private func asksConfigured(_ host: String, _ version: IPVersion = .any, inHosts: Bool = false) -> Bool {
        LookupQuestion(host: host, version: version).asksConfiguredFamiliesFirst(isInHostsFile: inHosts)
    }

    @Test func noNameServerIsAskedForAFamilyThatTheHostDoesNotHave() {
        #expect(asksConfigured("plant.example"))
        #expect(asksConfigured("mylocalhost"))
    }

    @Test func whatNeedsNoNameServerIsAskedForInBothFamilies() {
        #expect(!asksConfigured("edge-gw", inHosts: true))
        #expect(!asksConfigured("localhost"))
        #expect(!asksConfigured("LocalHost"))
        #expect(!asksConfigured("db.localhost"))
        #expect(!asksConfigured("localhost."))
        #expect(!asksConfigured("DB.LocalHost."))
        #expect(asksConfigured("localhost.."))
        #expect(!asksConfigured("plant.example", .v4))
        #expect(!asksConfigured("plant.example", .v6))
    }

    @Test func aDotAtTheEndMakesANameAbsolute() {
        #expect(LookupQuestion(host: "plant.example.", version: .any).isAbsolute)
        #expect(!LookupQuestion(host: "plant.example", version: .any).isAbsolute)
        for host in [".", "", "localhost.example.", "xlocalhost"] {
            #expect(!LookupQuestion(host: host, version: .any).isLocal, "\(host)")
        }
    }

    @Test func aSecondQuestionDoesNotFollowTheSilenceOfNameServers() {
        #expect(LookupQuestion.asksAllFamilies(afterNanoseconds: 0))
        #expect(LookupQuestion.asksAllFamilies(afterNanoseconds: 999_999_999))
        #expect(!LookupQuestion.asksAllFamilies(afterNanoseconds: 1_000_000_000))
    }
}
