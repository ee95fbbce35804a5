// SPDX-License-Identifier: Apache-2.0
import CLinux

/// What is put into a gateway: the plugin for its version, its form, and the library.
struct PluginFiles {
    let plugin: [UInt8]
    let form: [UInt8]
    /// nil: the system's is used.
    let library: [UInt8]?

    /// The folders in which they are looked for: as built, beside the tool, as the packages lay them.
    private static var places: [String] {
        let tool = Files.folder(of: Files.real("/proc/self/exe"))
        return [
            tool + "/../plugin", tool + "/../../plugin", tool + "/plugin", tool + "/../lib/neuron-ws/plugin",
            "/usr/lib/neuron-ws/plugin",
        ]
    }

    private static var libraries: [String] {
        let tool = Files.folder(of: Files.real("/proc/self/exe"))
        return [tool + "/libneuron_ws.so", tool + "/" + Gateway.libraryFile, tool + "/../lib/" + Gateway.libraryFile]
    }

    /// - Parameters:
    ///   - version: "2.15" or "2.15.1".
    ///   - folder: where they lie, instead of the usual places: 2.15/libplugin-websocket.so, websocket.json.
    static func find(version: String, in folder: String?, library: String?) throws(Gateway.Failure) -> PluginFiles {
        let minor = version.split(separator: ".").prefix(2).joined(separator: ".")
        let places = folder.map { [$0] } ?? places
        guard let place = places.first(where: { Files.isFile("\($0)/\(minor)/\(Gateway.pluginFile)") }) else {
            let there = ["2.12", "2.13", "2.14", "2.15"].filter { version in
                places.contains { Files.isFile("\($0)/\(version)/\(Gateway.pluginFile)") }
            }
            throw Gateway.Failure(
                text: there.isEmpty
                    ? "there is no plugin in \(places.joined(separator: ", ")): build it (make build plugin), or say "
                        + "where it lies by --from"
                    : "there is no plugin for Neuron \(minor); there is one for \(there.joined(separator: ", "))")
        }
        let plugin = try bytes("\(place)/\(minor)/\(Gateway.pluginFile)")
        let form = try bytes("\(place)/\(Gateway.formFile)")
        if let library { return PluginFiles(plugin: plugin, form: form, library: try checked(library, plugin)) }
        guard let found = (["\(place)/\(Gateway.libraryFile)"] + libraries).first(where: { Files.isFile($0) }) else {
            return PluginFiles(plugin: plugin, form: form, library: nil)
        }
        return PluginFiles(plugin: plugin, form: form, library: try checked(found, plugin))
    }

    /// What this plugin finds if it has none beside it, where Debian and `make install` put it; nil: there is none for
    /// its processor.
    var systemLibrary: String? {
        let folders = ["/usr/local/lib", "/usr/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"]
        return folders.map { $0 + "/" + Gateway.libraryFile }.first {
            (try? Self.checked($0, plugin)) != nil
        }
    }

    /// A library that the plugin could not load would leave the gateway without one at its next start.
    private static func checked(_ path: String, _ plugin: [UInt8]) throws(Gateway.Failure) -> [UInt8] {
        let library = try bytes(path)
        guard let processor = ELF.processor(library) else {
            throw Gateway.Failure(text: "\(path) is no library: give a \(Gateway.libraryFile)")
        }
        guard ELF.holds(library, Gateway.libraryFile) else {
            throw Gateway.Failure(
                text: "\(path) is not the library that the plugin needs: it does not call itself "
                    + "\(Gateway.libraryFile), which names its ABI")
        }
        if let wanted = ELF.processor(plugin), wanted != processor {
            throw Gateway.Failure(text: "\(path) is for another processor than the plugin")
        }
        return library
    }

    private static func bytes(_ path: String) throws(Gateway.Failure) -> [UInt8] {
        do throws(Files.Failure) {
            guard let bytes = try Files.read(path), !bytes.isEmpty else {
                throw Files.Failure(text: "\(path) is not there, or empty")
            }
            return bytes
        } catch { throw Gateway.Failure(text: error.text) }
    }
}
