// SPDX-License-Identifier: Apache-2.0
/// How much a server that reads slowly may read: a bucket that fills with time, and holds a tenth of a second's bytes.
/// Invariant: `creditBytes` is at most `bucketBytes`; below zero it is what was read too early.
struct ReadPace {
    /// 1 to `bytesPerSecondMax`.
    let bytesPerSecond: Int
    private var creditBytes: Int
    /// The part of a byte that time has brought, in thousandths.
    private var creditThousandths = 0
    private var lastMilliseconds: Int64

    static let bytesPerSecondMax = 1_000_000_000
    /// No more than a minute's bytes are credited at once.
    private static let creditedMillisecondsMax: Int64 = 60_000

    /// Any rate is taken for the nearest that is allowed.
    init(bytesPerSecond: Int, nowMilliseconds: Int64) {
        self.bytesPerSecond = min(max(1, bytesPerSecond), Self.bytesPerSecondMax)
        creditBytes = 0
        lastMilliseconds = nowMilliseconds
        creditBytes = bucketBytes
    }

    private var bucketBytes: Int { max(1, bytesPerSecond / 10) }

    /// The bytes that may be read now; 0: none before `readyMilliseconds`.
    mutating func allowance(nowMilliseconds: Int64) -> Int {
        let passed = Int(min(max(0, nowMilliseconds - lastMilliseconds), Self.creditedMillisecondsMax))
        lastMilliseconds = max(lastMilliseconds, nowMilliseconds)
        creditThousandths += passed * bytesPerSecond
        creditBytes += creditThousandths / 1000
        creditThousandths %= 1000
        if creditBytes >= bucketBytes {
            creditBytes = bucketBytes
            creditThousandths = 0
        }
        return max(0, creditBytes)
    }

    mutating func spent(_ bytes: Int) { creditBytes -= bytes }

    /// When the next byte may be read, if none may now; never later than a second after the last `allowance`.
    var readyMilliseconds: Int64 {
        if creditBytes > 0 { return lastMilliseconds }
        // A debt may be large; the wait is asked for again after a second.
        let missing = min(1 - creditBytes, bytesPerSecond) * 1000 - creditThousandths
        return lastMilliseconds + Int64((missing + bytesPerSecond - 1) / bytesPerSecond)
    }
}
