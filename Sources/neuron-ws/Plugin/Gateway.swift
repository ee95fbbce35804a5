// SPDX-License-Identifier: Apache-2.0
import CLinux

/// An installed Neuron gateway: the folder with its program, as its packages and its container images lay it out.
struct Gateway {
    /// Why it cannot be worked with, and what to do.
    struct Failure: Error { let text: String }

    static let pluginFile = "libplugin-websocket.so"
    static let formFile = "websocket.json"
    static let libraryFile = "libneuron_ws.so.1"

    let folder: String

    var plugins: String { folder + "/plugins" }
    var custom: String { plugins + "/custom" }
    var plugin: String { custom + "/" + Self.pluginFile }
    var form: String { custom + "/schema/" + Self.formFile }
    var library: String { custom + "/" + Self.libraryFile }
    /// The names of the plugins that the gateway loads beside its own.
    var list: String { folder + "/persistence/plugins.json" }

    static func open(_ path: String) throws(Failure) -> Gateway {
        let gateway = Gateway(folder: Files.real(path))
        guard Files.isFolder(gateway.folder) else { throw Failure(text: "\(path) is no folder") }
        guard Files.isFolder(gateway.plugins), Files.isFolder(gateway.folder + "/config") else {
            throw Failure(
                text: "\(path) is no Neuron: it holds no plugins/ and config/; give the folder in which the program "
                    + "neuron lies, for example /opt/neuron")
        }
        return gateway
    }

    /// Where the gateway would find a plugin of the same name first; nil: nowhere.
    var shadow: String? {
        for folder in [plugins, plugins + "/system"] where Files.isFile(folder + "/" + Self.pluginFile) {
            return folder + "/" + Self.pluginFile
        }
        return nil
    }

    // MARK: Its version

    /// What `neuron --version` says, "2.15.1". Asked in the gateway's own folder, where its program finds its library.
    func version() throws(Failure) -> String {
        let program = folder + "/neuron"
        guard Files.isFile(program) else {
            throw Failure(text: "\(program) is not there to be asked for its version; give --version, for example 2.15")
        }
        guard let said = Self.output(of: program, "--version", in: folder) else {
            throw Failure(text: "\(program) does not run here; give its version by --version, for example 2.15")
        }
        for word in said.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            let parts = word.split(separator: ".", omittingEmptySubsequences: false)
            if parts.count == 3, parts.allSatisfy({ UInt($0) != nil }) { return String(word) }
        }
        throw Failure(text: "\(program) --version does not name a version; give it by --version, for example 2.15")
    }

    /// The first 4 KiB of what a program prints; nil if it does not run or fails.
    private static func output(of program: String, _ argument: String, in folder: String) -> String? {
        let child = ChildProcess.start(
            program, [program, argument], inherited: ["LD_LIBRARY_PATH"], added: ["LC_ALL=C"], in: folder)
        guard let child else { return nil }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while bytes.count < 4096 {
            let count = chunk.withUnsafeMutableBytes { CLinux.read(child.output, $0.baseAddress, $0.count) }
            if count < 0 && systemErrorNumber == EINTR { continue }
            if count <= 0 { break }
            bytes.append(contentsOf: chunk[..<count])
        }
        return child.end() == 0 ? String(decoding: bytes, as: UTF8.self) : nil
    }

    // MARK: Its process

    /// The process that runs this gateway; nil: none that we may see.
    var process: Int? {
        guard let entries = opendir("/proc") else { return nil }
        defer { closedir(entries) }
        let program = Files.real(folder + "/neuron")
        while let entry = readdir(entries) {
            let name = String(cString: neuron_ws_entry_name(entry))
            guard let number = Int(name) else { continue }
            let running = Files.target(of: "/proc/\(name)/exe")
            if running == program || running == program + " (deleted)" { return number }
        }
        return nil
    }

    // MARK: Its list of plugins

    /// The names in persistence/plugins.json; none where there is no such file.
    func names() throws(Failure) -> [String] {
        let bytes: [UInt8]?
        do throws(Files.Failure) { bytes = try Files.read(list) } catch { throw Failure(text: error.text) }
        guard let bytes else { return [] }
        let document: JSON
        do throws(JSON.Failure) {
            document = try JSON.parse(String(decoding: bytes, as: UTF8.self))
        } catch {
            throw Failure(text: "\(list) is not JSON (\(error.text)): mend or remove it first")
        }
        guard let array = document["plugins"], array.kind == .array else {
            throw Failure(text: "\(list) has no array \"plugins\": mend or remove it first")
        }
        return (0..<array.count).compactMap { array[$0]?.string }
    }

    func write(names: [String]) throws(Failure) {
        let quoted = names.map { JSONText.quoted($0) }.joined(separator: ", ")
        let file = try listFile()
        do throws(Files.Failure) {
            try Files.write(
                Array("{\"plugins\": [\(quoted)]}\n".utf8), to: file, mode: Files.permissions(file) ?? 0o644)
        } catch { throw Failure(text: error.text) }
    }

    /// Where the list is written: a link to it stays one.
    func listFile() throws(Failure) -> String {
        let target = Files.target(of: list)
        if target.isEmpty { return list }
        let file = Files.real(list)
        guard file != list, Files.isFile(file) else {
            throw Failure(text: "\(list) is a link to \(target), which is no file: make that, or remove the link")
        }
        return file
    }
}
