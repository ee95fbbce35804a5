// SPDX-License-Identifier: Apache-2.0
/// What is known of a document before anything of it is read: its outline and, where it is an OpenGate operation, that
/// of its parts.
struct DocumentOutline {
    var root: RequestOutline
    private var operationOutline: OperationOutline?

    init(_ root: RequestOutline) { self.root = root }

    /// Looks at so many bytes more.
    /// - Returns: false: it has been looked at as far as it goes.
    mutating func scan(byteCount: Int, _ rules: RequestRules) -> Bool {
        guard root.isWhole else {
            root.scan(byteCount: byteCount)
            return true
        }
        guard rules.openGate != nil else { return false }
        if operationOutline == nil { operationOutline = OperationOutline(begun: root) }
        guard operationOutline?.isWhole == false else { return false }
        operationOutline?.scan(byteCount: byteCount)
        return true
    }

    /// Nil: it is none, or there is no OpenGate.
    func operation(_ rules: RequestRules) -> OperationOutline? { rules.openGate == nil ? nil : operationOutline }

    /// What an answer to the document repeats; nil: there is no uuid or id to answer to.
    func echo(_ rules: RequestRules) -> RequestEcho? {
        if let gateway = rules.openGate, let operation = operationOutline { return operation.echo(gateway) }
        return root.echo.map { RequestEcho(id: $0) }
    }

    subscript(member: RequestMember) -> UnsafeRawBufferPointer? { root[member] }
}
