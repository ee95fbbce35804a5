// SPDX-License-Identifier: Apache-2.0
extension NodeMachine {
    /// What comes when the closing is done, and what is told then: each carries its own ending.
    enum Purpose {
        case stop(Ending)
        case connect(Ending)
        /// As after any other end.
        case goOn(Ending, openFor: UInt64)

        var ending: Ending {
            switch self {
            case .stop(let ending), .connect(let ending), .goOn(let ending, _): ending
            }
        }
    }

    /// How long a stop goes on with what was pushed before it.
    struct Drain {
        /// The messages up to this one.
        var through: UInt64
        var since: UInt64
        var until: UInt64
        /// All of the stop is over by then.
        var stopsBy: UInt64
        /// Settings came meanwhile that need a new connection: one is made if a start takes the stop back.
        var reconnects: Ending?

        init(through: UInt64, now: UInt64, timeout: UInt64) {
            self.through = through
            since = now
            stopsBy = now &+ timeout
            // What is left of it is for the Close and the server's answer.
            until = stopsBy &- min(max(timeout / 2, farewellNanoseconds), lingerNanoseconds)
        }
    }
}
