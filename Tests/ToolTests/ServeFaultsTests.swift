// SPDX-License-Identifier: Apache-2.0
import LoopbackServer
import Testing

@testable import neuron_ws

@Suite struct ServeFaultsTests {
    private func configuration(_ texts: String...) throws -> ServerConfiguration {
        var configuration = ServerConfiguration()
        try ServeFaults.parse(texts).apply(to: &configuration)
        return configuration
    }

    private func failure(_ texts: String...) -> String? {
        do throws(UsageError) {
            _ = try ServeFaults.parse(texts)
            return nil
        } catch { return error.text }
    }

    /// The answer that refuses request `number`; nil: it is accepted.
    private func refusal(_ number: Int, _ behaviour: ServerBehaviour) -> String? {
        guard case .refuse(let status, let reason, let headers) = behaviour.handshake(forRequest: number) else {
            return nil
        }
        return "\(status) \(reason)" + headers.map { " \($0.name): \($0.value)" }.joined()
    }

    @Test func noFaultIsAGoodServer() throws {
        let good = try configuration()
        #expect(good.behaviour.ending == nil && good.behaviour.pongs == .right)
        #expect(good.behaviour.readBytesPerSecond == nil && good.receiveBufferBytes == nil)
        #expect(refusal(1, good.behaviour) == nil)
    }

    @Test func anEndingComesAtItsMessageAlone() throws {
        let closing = try configuration("close=1008@3").behaviour
        #expect((0...5).map { closing.ending(atMessage: $0) != nil } == [false, false, false, true, false, false])
        #expect(closing.ending(atMessage: 3) == .close(code: 1008, reason: "--fault"))
        #expect(try configuration("reset@0").behaviour.ending(atMessage: 0) == .reset)
        #expect(try configuration("stall@1000000000").behaviour.ending(atMessage: 1_000_000_000) == .stall)
    }

    @Test func refusalsAreOfAllOrOfTheFirst() throws {
        let all = try configuration("status=401").behaviour
        #expect(refusal(1, all) == "401 Unauthorized" && refusal(1_000_000, all) == "401 Unauthorized")
        #expect(try refusal(1, configuration("retry-after=7").behaviour) == "503 Service Unavailable Retry-After: 7")
        let first = try configuration("reject-first=2").behaviour
        #expect((1...4).map { refusal($0, first) != nil } == [true, true, false, false])
        #expect(try refusal(1, configuration("status=299").behaviour) == "299 Refused")
    }

    @Test func faultsAreComposedByCommasAndByRepetition() throws {
        let one = try configuration("reject-first=1,status=429,retry-after=2,slow=100/S,no-pong,close=4000@2")
        let other = try configuration(
            "reject-first=1", "status=429,retry-after=2", "slow=100", "no-pong", "close=4000@2")
        for behaviour in [one.behaviour, other.behaviour] {
            #expect(refusal(1, behaviour) == "429 Too Many Requests Retry-After: 2")
            #expect(refusal(2, behaviour) == nil)
            #expect(behaviour.readBytesPerSecond == 100 && behaviour.pongs == .none)
            #expect(behaviour.ending(atMessage: 2) == .close(code: 4000, reason: "--fault"))
        }
    }

    @Test(arguments: ["slow=1", "stall@3"])
    func aServerThatReadsLittleIsFeltSoon(text: String) throws {
        #expect(try configuration(text).receiveBufferBytes == 16 * 1024)
    }

    @Test(arguments: [
        ("clsoe=1008@3", "close=CODE@N"), ("stal@1", "stall@N"), ("no-ping", "no-pong"),
        ("retry_after=1", "retry-after=S"),
        ("statsu=503", "status=CODE"), ("Reset@1", "reset@N"),
    ])
    func aMistypedFaultSaysWhichWasMeantAndWhatItTakes(text: String, meant: String) throws {
        let told = try #require(failure(text))
        #expect(told.hasPrefix("--fault \"\(text)\" is no fault; did you mean \(meant)? It takes "))
        #expect(told.hasSuffix("retry-after=S, no-pong, wrong-pong, reject-first=N"))
    }

    @Test(arguments: ["", "explode", "=", "@3", "close=1008@3,", ",", "no-pong,,reset@1"])
    func whatIsNearNoFaultNamesThemAll(text: String) throws {
        let told = try #require(failure(text))
        #expect(told.contains("is no fault. The faults are close=CODE@N, reset@N"))
    }

    @Test(arguments: [
        "close", "close=1008", "close@3", "close=1008@", "close=@3", "close=999@1", "close=1004@1", "close=1005@1",
        "close=1006@1", "close=1015@1", "close=2000@1", "close=5000@1", "close=1008@-1", "close=1008@1.5",
        "close=1008@99999999999999999999", "close=1008@1@2", "close=+1008@1", "close=１００８@1",
    ])
    func aCloseTakesACodeThatMayBeSentAndANumber(text: String) throws {
        let told = try #require(failure(text))
        #expect(told.hasPrefix("--fault close=CODE@N takes a close code that may be sent (1000 to 1003, 1007 to 1014"))
        #expect(told.hasSuffix("not \"\(text)\""))
    }

    @Test(arguments: [
        "reset", "reset@", "reset=3", "reset@x", "reset=1@3", "stall@1000000001", "slow", "slow=", "slow=0", "slow=-5",
        "slow=5/m", "slow=/s", "slow=1000000001", "slow@3", "status=101", "status=199", "status=600", "status=",
        "status",
        "retry-after=", "retry-after=-1", "retry-after=1.5", "retry-after=31536001", "reject-first=0", "reject-first",
        "no-pong=1", "no-pong@3", "wrong-pong=",
    ])
    func whatAFaultDoesNotTakeIsTold(text: String) throws {
        let told = try #require(failure(text))
        #expect(told.contains(" takes ") && told.hasSuffix(", not \"\(text)\""))
    }

    @Test func theSameTwiceIsRefused() {
        #expect(failure("no-pong,no-pong") == "--fault no-pong was given twice")
        #expect(failure("close=1000@1", "close=1001@2") == "--fault close=CODE@N was given twice")
    }

    @Test func whatCannotBeSeenTogetherIsRefused() throws {
        #expect(
            failure("stall@3", "close=1008@5")
                == "--fault stall@N and close=CODE@N exclude each other: behind the first of them no further "
                + "message is read")
        #expect(try #require(failure("no-pong,wrong-pong")).contains("exclude each other"))
        #expect(
            failure("slow=5", "status=503")
                == "--fault status=CODE refuses every client, so slow=BYTES/S never comes to pass: add reject-first=N")
        #expect(try #require(failure("retry-after=5,reset@1")).contains("add reject-first=N"))
    }
}
