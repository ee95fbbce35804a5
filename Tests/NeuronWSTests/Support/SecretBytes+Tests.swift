// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

extension SecretBytes {
    /// A test's secrets are none.
    var bytes: [UInt8] { withBytes { Array($0) } }
}
