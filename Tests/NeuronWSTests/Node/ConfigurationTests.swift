// SPDX-License-Identifier: Apache-2.0
import NodeCore
import Testing
import WebSocketCore

@testable import NeuronWS

@Suite struct ConfigurationTests {
    private func make(_ json: String) throws -> Configuration {
        try Array(json.utf8).withUnsafeBytes { try Configuration.make($0) }
    }

    private func head(_ json: String, _ change: (Attempt) -> Void = { _ in }) throws -> String {
        let configuration = try make(json)
        let attempt = Attempt(urlIndex: 0)
        change(attempt)
        let request = try configuration.handshakeRequest(url: configuration.url(0), attempt: attempt)
        let connection = Connection(request, configuration.connectionOptions)
        connection.transportOpened()
        var bytes = [UInt8](repeating: 0, count: 4096)
        var end = 0
        var backlog = Backlog()
        var keys = MaskingKeyPool()
        bytes.withUnsafeMutableBytes {
            _ = connection.fill($0, at: &end, backlog: &backlog, keys: &keys, maySendMessages: false)
        }
        return String(decoding: bytes[..<end], as: UTF8.self)
    }

    private let named = #"{"url":"ws://h/","username":"u","password":"p"}"#

    @Test func whatIsRefusedNamesItsKey() {
        for json in [#"{"url":"ws://h/","ping-interval":-1}"#, #"{"url":"wss://h/","ca":"no such thing"}"#] {
            do { _ = try make(json) } catch let error as NodeError {
                #expect(error.status == .NEURON_WS_INVALID_SETTINGS)
                #expect(error.text.contains(json.contains("\"ca\"") ? "\"ca\"" : "\"ping-interval\""))
                continue
            } catch {}
            Issue.record("taken: \(json)")
        }
    }

    @Test func onlyWhatConcernsTheConnectionNeedsANewOne() throws {
        let old = try make(#"{"url":"ws://h/"}"#)
        #expect(try make(#"{"url":"ws://h/","ping-interval":7}"#).needsNoReconnect(from: old))
        #expect(try !make(#"{"url":"ws://other/"}"#).needsNoReconnect(from: old))
    }

    @Test func theHostsHeaderReplacesTheSettingsOneWhateverItsCase() throws {
        #expect(try head(named).contains("Authorization: Basic dTpw\r\n"))
        let own = try head(named) { $0.headers = [("authorization", "mine")] }
        #expect(own.contains("authorization: mine\r\n") && !own.contains("Basic"))
        #expect(try !head(named) { $0.headers = [("AUTHORIZATION", nil)] }.contains("uthorization"))
        #expect(try head(named) { $0.token = "t" }.contains("Authorization: Bearer t\r\n"))
    }

    @Test func aURLBeyondTheLastIsTheFirst() throws {
        let configuration = try make(#"{"url":"ws://a/ ws://b/"}"#)
        #expect(configuration.url(1).host == "b" && configuration.url(2).host == "a")
        #expect(configuration.shownURL(2).isEmpty)
    }
}
