// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// Settings from the files of OpenGate's own agent: all of a directory, or the connector's alone.
enum ODAFiles {
    private static let connector = "es.amplia.oda.connector.websocket.cfg"

    private static let others: [(name: String, file: neuron_ws_oda_file_t)] = [
        ("es.amplia.oda.datastreams.deviceinfo.cfg", .NEURON_WS_ODA_DEVICE_INFO),
        ("es.amplia.oda.datastreams.deviceinfofx30.cfg", .NEURON_WS_ODA_DEVICE_INFO),
        ("es.amplia.oda.dispatcher.opengate.cfg", .NEURON_WS_ODA_DISPATCHER),
    ]

    /// The settings as JSON; what of the files is not ours is said on standard error.
    static func settings(_ path: String) throws(UsageError) -> String {
        guard Files.isFolder(path) else {
            guard let settings = try read(path, .NEURON_WS_ODA_CONNECTOR, "{}") else {
                throw UsageError(text: "--oda: \(path): no such file or directory")
            }
            return settings
        }
        let folder = path.hasSuffix("/") ? path : path + "/"
        guard var settings = try read(folder + connector, .NEURON_WS_ODA_CONNECTOR, "{}") else {
            throw UsageError(text: "--oda: \(path) holds no \(connector), which says where the server is")
        }
        for other in others { settings = try read(folder + other.name, other.file, settings) ?? settings }
        return settings
    }

    /// Nil: there is no such file.
    private static func read(
        _ path: String, _ file: neuron_ws_oda_file_t, _ earlier: String
    ) throws(UsageError) -> String? {
        let found: [UInt8]?
        do throws(Files.Failure) {
            found = try Files.read(path)
        } catch { throw UsageError(text: "--oda: \(error.text)") }
        guard let bytes = found else { return nil }
        var room = [CChar](repeating: 0, count: bytes.count * 8 + earlier.utf8.count + 1024)
        var length = 0
        final class Remarks { var texts: [String] = [] }
        let remarks = Remarks()
        // With a NUL at its end an empty file has an address too.
        let status = (bytes + [0]).withUnsafeBytes { text in
            neuron_ws_settings_from_oda(
                text.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, file, earlier,
                { text, context in
                    guard let text, let context else { return }
                    Unmanaged<Remarks>.fromOpaque(context).takeUnretainedValue().texts.append(String(cString: text))
                }, Unmanaged.passUnretained(remarks).toOpaque(), &room, room.count, &length)
        }
        for text in remarks.texts { Terminal.complain(Terminal.printable("\(path): \(text)")) }
        guard status == .NEURON_WS_OK else { throw UsageError(text: "--oda: \(path): \(LibraryError(status).text)") }
        return String(decoding: room[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
