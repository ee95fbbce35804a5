// SPDX-License-Identifier: Apache-2.0
/// Walks from frame to frame of a client's stream, looking at nothing but headers: what a parser discards behind a
/// Close is seen here.
struct FrameWalker {
    private var header: [UInt8] = []
    private var payloadLeft = 0
    private var isClose = false
    private var isOver = false
    private var isFragmented = false

    /// Bytes of a message have come, and not all.
    var isMidMessage: Bool { !header.isEmpty || payloadLeft > 0 || isFragmented }

    /// - Returns: how many of the bytes stand behind a Close frame.
    mutating func walk(_ bytes: UnsafeRawBufferPointer) -> Int {
        var position = 0
        while position < bytes.count {
            if isOver { return bytes.count - position }
            if payloadLeft > 0 {
                let count = min(payloadLeft, bytes.count - position)
                payloadLeft -= count
                position += count
            } else {
                header.append(bytes[position])
                position += 1
                guard header.count >= 2, header.count == Self.length(of: header) else { continue }
                isClose = header[0] & 0x0F == 8
                if header[0] & 0x0F < 8 { isFragmented = header[0] & 0x80 == 0 }
                payloadLeft = Self.payload(of: header)
                header = []
            }
            if isClose, header.isEmpty, payloadLeft == 0 { isOver = true }
        }
        return 0
    }

    /// With the masking key.
    private static func length(of header: [UInt8]) -> Int {
        switch header[1] & 0x7F {
        case 126: 8
        case 127: 14
        default: 6
        }
    }

    private static func payload(of header: [UInt8]) -> Int {
        let extended = header.count - 6
        if extended == 0 { return Int(header[1] & 0x7F) }
        return header[2..<2 + extended].reduce(0) { $0 << 8 | Int($1) }
    }
}
