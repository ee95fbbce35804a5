// SPDX-License-Identifier: Apache-2.0
import CJansson
public import WebSocketCore

extension MessageMemory {
    /// malloc's, which says where there is none.
    public static let heap = MessageMemory(
        resize: { block, _, wanted in realloc(block, wanted) }, free: { CJansson.free($0) })
}
