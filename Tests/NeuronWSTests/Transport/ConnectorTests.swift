import Testing

@testable import NeuronWS

@Suite struct ConnectorTests {
    @Test func takesTheFamiliesInTurn() throws {
        let list = ["::1", "::2", "::3", "127.0.0.1", "127.0.0.2"].map { SocketAddress(literal: $0, port: 1)! }
        #expect(Connector.interleaved(list).map(\.host) == ["::1", "127.0.0.1", "::2", "127.0.0.2", "::3"])
        #expect(Connector.interleaved([]).isEmpty)
    }
}
