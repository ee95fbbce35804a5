// SPDX-License-Identifier: Apache-2.0
/// Which end of the connection we are. It decides who masks (RFC 6455 §5.1): a client always, a server never.
public enum Role: Sendable {
    case client
    case server
}
