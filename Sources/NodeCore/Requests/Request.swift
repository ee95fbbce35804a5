// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import WebSocketCore

/// A request from the server, with the C structs that describe it. Immutable once the host has it; alive as long as
/// somebody may read them.
public final class Request: @unchecked Sendable {
    /// What the host gets to see; its pointers live as long as the request.
    public let info: neuron_ws_request_info_t
    /// What its answers repeat.
    public let echo: RequestEcho
    /// Its text.
    public let document: EventBytes
    /// Who asks, for the log: the server's URL and its address. Set before the host gets to see it.
    public var askedBy = ""
    private let arena: GroupArena
    /// Where the values of a write stand in the document: an array of tags, or the only value.
    private let values: Range<Int>
    private let mask: SecretMask

    /// What a request takes besides its document and its values: itself, its place among the pending ones and in the
    /// registry.
    static let ownBytes = 512

    init(
        _ info: neuron_ws_request_info_t, echo: RequestEcho, document: EventBytes, values: Range<Int>,
        arena: GroupArena, mask: SecretMask
    ) {
        self.values = values
        self.mask = mask
        self.info = info
        self.echo = echo
        self.document = document
        self.arena = arena
    }

    /// An operation's id as a text; nil: it is none.
    var operationID: [UInt8]? {
        guard echo.operation != nil else { return nil }
        return withExtendedLifetime(self) { Array(String(cString: info.uuid).utf8) }
    }

    /// Memory that it takes, bytes.
    public var memoryBytes: Int { Self.ownBytes + document.count + arena.byteCount }

    /// What it is about, for the log.
    public var subject: RequestSubject {
        document.withUnsafeBytes { bytes in
            withExtendedLifetime(self) { RequestSubject(info, Self.part(bytes, values), mask) }
        }
    }

    /// The same as texts, line by line: of a write its tags, as far as there are lines for them; see `RequestLimits`.
    /// - Returns: how many there were.
    @discardableResult
    public func forEachSubject(_ body: (String) -> Void) -> Int {
        document.withUnsafeBytes { bytes in
            withExtendedLifetime(self) { RequestSubject.forEach(info, Self.part(bytes, values), mask, body) }
        }
    }

    private static func part(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[range])
    }
}

/// What looked like a request and could not be understood.
public struct MalformedRequest: Equatable, Sendable {
    /// What an answer repeats; nil where it has no uuid or id.
    public let echo: RequestEcho?
    /// For people: what is wrong with it. Names of the server's are shown as `ForeignText` shows them, and without what
    /// the server was told.
    public let reason: String
}

/// A request that the settings do not allow.
public struct RefusedRequest: Sendable {
    /// What its answer repeats.
    public let echo: RequestEcho
    /// For people: why.
    public let reason: String
    public let subject: RequestSubject
}

/// One for which there is no room at present.
public struct BusyRequest: Sendable {
    /// What its answer repeats.
    public let echo: RequestEcho
    public let subject: RequestSubject

    public init(echo: RequestEcho, subject: RequestSubject) {
        self.echo = echo
        self.subject = subject
    }
}
