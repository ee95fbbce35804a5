// SPDX-License-Identifier: Apache-2.0
import NodeCore

/// Opens a node's cache that could not be opened before, on a thread of its own: neither the loop nor the host waits
/// for the disk. The node lives as long as it takes, and its end waits for it (`CachePlace`).
final class CacheOpening: ThreadBody, @unchecked Sendable {
    /// It waits for the spool's thread, which opens the file.
    static let stackBytes = 256 * 1024

    private let node: Node
    private let settings: CacheSettings

    init(_ node: Node, _ settings: CacheSettings) {
        self.node = node
        self.settings = settings
    }

    func runOnThread() { node.open(settings) }
}
