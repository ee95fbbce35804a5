// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// The files of OpenGate's own agent, ODA, as settings of a node.
public enum ODASettings {
    /// The longest file, bytes.
    public static let fileBytesMax = 1 << 20

    /// Which of its files; the numbers are those of neuron_ws_oda_file.
    public enum File: Int32, Sendable {
        /// es.amplia.oda.connector.websocket.cfg
        case connector = 1
        /// es.amplia.oda.datastreams.deviceinfo.cfg and …deviceinfofx30.cfg
        case deviceInfo = 2
        /// es.amplia.oda.dispatcher.opengate.cfg
        case dispatcher = 3
    }

    /// What is wrong with a file; nothing secret is in it.
    public struct Fault: Error {
        public let text: String
        /// There was no memory to read it.
        public var isOutOfMemory = false

        static let noMemory = Fault(text: "memory is exhausted", isOutOfMemory: true)
    }

    /// The settings that the file makes, as a JSON object, behind those of `earlier`, an object too.
    /// - Parameter remark: is told what of the file is not ours.
    public static func document(
        _ text: UnsafeRawBufferPointer, _ file: File, earlier: UnsafeRawBufferPointer?, remark: (String) -> Void
    ) throws(Fault) -> SecretBytes {
        if text.count > fileBytesMax {
            throw Fault(text: "the file has \(text.count) bytes, at most \(fileBytesMax) are taken")
        }
        // No line of it would be found.
        if IncomingMessage.isUTF16(text) || text.prefix(2).contains(0) {
            throw Fault(text: "the file looks like UTF-16; UTF-8 and ISO 8859-1 are taken")
        }
        let entries: PropertyList
        do throws(JavaProperties.Fault) { entries = try JavaProperties.parse(text) } catch {
            throw Fault(text: error.text, isOutOfMemory: error.isOutOfMemory)
        }
        var reader = ODAReader(entries)
        do throws(OutOfMemory) {
            switch file {
            case .connector: try reader.readConnector()
            case .deviceInfo: try reader.readDeviceInfo()
            case .dispatcher: try reader.readDispatcher()
            }
        } catch { throw .noMemory }
        if let text = reader.faults.text { throw Fault(text: text) }
        for text in reader.remarks { remark(text) }
        let before = try inside(earlier)
        do throws(OutOfMemory) { return try joined(before, reader.members) } catch { throw .noMemory }
    }

    /// What stands between the braces of the settings so far.
    private static func inside(_ earlier: UnsafeRawBufferPointer?) throws(Fault) -> UnsafeRawBufferPointer {
        guard let earlier else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        let start = JSONScan.skipBlanks(earlier, from: 0)
        var end = earlier.count
        while end > start, JSONScan.isBlank(earlier[end - 1]) { end -= 1 }
        guard end - start >= 2, earlier[start] == UInt8(ascii: "{"), earlier[end - 1] == UInt8(ascii: "}") else {
            throw Fault(text: "the settings so far are no JSON object")
        }
        return UnsafeRawBufferPointer(rebasing: earlier[start + 1..<end - 1])
    }

    /// `{…}` of both.
    private static func joined(
        _ before: UnsafeRawBufferPointer, _ members: [ODAReader.Member]
    ) throws(OutOfMemory) -> SecretBytes {
        let isEmpty = JSONScan.skipBlanks(before, from: 0) == before.count
        var size = before.count + 2
        for member in members { size += member.name.utf8CodeUnitCount + member.json.count + 4 }
        let document = try SecretBytes.make(capacity: size, memory: .heap) { room in
            var count = 0
            func put(_ bytes: some Sequence<UInt8>) {
                for byte in bytes {
                    room[count] = byte
                    count += 1
                }
            }
            put(CollectionOfOne(UInt8(ascii: "{")))
            put(before)
            for (index, member) in members.enumerated() {
                put((index > 0 || !isEmpty ? ",\"" : "\"").utf8)
                put(UnsafeBufferPointer(start: member.name.utf8Start, count: member.name.utf8CodeUnitCount))
                put("\":".utf8)
                member.json.withBytes { put($0) }
            }
            put(CollectionOfOne(UInt8(ascii: "}")))
            return count
        }
        return document ?? ""
    }
}
