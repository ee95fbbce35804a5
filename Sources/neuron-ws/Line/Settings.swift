// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// A node's settings from a file and from the command line, as one document.
enum Settings {
    /// As much as the library takes.
    private static let bytesMax = 4 << 20
    /// What else says where the server is; a URL goes before all of it.
    private static let places = ["host", "port", "path", "tls"]

    /// - Parameter inputHolds: what standard input is for, if not for settings.
    static func compose(_ arguments: Arguments, inputHolds: String? = nil) throws(UsageError) -> String {
        let files = ["--settings", "--oda"]
        let options = arguments.given.filter {
            ConnectionOptions.names.contains($0.name) && !files.contains($0.name)
        }
        let oda = arguments.text("--oda")
        let file = arguments.text("--settings")
        guard oda == nil || file == nil else {
            throw UsageError(text: "--oda stands beside --settings; give one of them")
        }
        let delivery = arguments.text("--delivery")
        guard file != nil || oda != nil || arguments.url != nil || !options.isEmpty else {
            throw UsageError(
                text: "\(arguments.command) needs a URL, for example: neuron-ws \(arguments.command) "
                    + "ws://127.0.0.1:8080/; or --settings with a file that names one")
        }
        guard arguments.url == nil || !arguments.has("--url") else {
            throw UsageError(text: "the URL stands on the line twice, as a word and as --url: leave one of them out")
        }
        let text =
            if let oda { try ODAFiles.settings(oda) } else {
                try file.map { file throws(UsageError) in try read(file, inputHolds: inputHolds) }
            }
        // Nothing is changed: the library speaks of the file as it is.
        if let text, options.isEmpty, arguments.url == nil, delivery == nil { return text }
        let document = try parse(text ?? "{}", file ?? "")
        for url in [arguments.url, arguments.text("--url")].compactMap({ $0 }) where url.contains(" ") {
            throw UsageError(
                text: "URL: it holds a space, which is %20 in a URL; several URLs are given as "
                    + "--set url='[\"…\",\"…\"]'")
        }
        if let url = arguments.url { set("url", JSON.text(url), in: document) }
        var isFirstSubprotocol = true
        for (name, value) in options {
            switch name {
            case "--set": try setByKey(value, in: document)
            case "--header": try addHeader(value, in: document)
            case "--user": try setUser(value, in: document)
            case "--insecure": document.set("tls-verify", false)
            case "--subprotocol":
                let before = isFirstSubprotocol ? nil : document["subprotocols"]
                isFirstSubprotocol = false
                document.set("subprotocols", JSON.array((before?.elements ?? []) + [JSON.text(value)]))
            default:
                if let key = ConnectionOptions.texts[name] { set(key, JSON.text(value), in: document) }
            }
        }
        if let delivery { document.set("delivery", JSON.text(delivery)) }
        return String(decoding: document.compactText, as: UTF8.self)
    }

    /// Where on the line to look when the library refuses the settings with this text.
    static func blame(_ text: String, _ arguments: Arguments) -> String {
        for option in arguments.all("--set") {
            guard let key = option.split(separator: "=").first, Text.contains(text, "\"\(key)\"") else { continue }
            return "--set: \(text)"
        }
        if text.hasPrefix("\"delivery\""), arguments.has("--delivery") { return "--delivery: \(text)" }
        if text.hasPrefix("\"url\"") {
            if arguments.url != nil { return "URL: \(text)" }
            if arguments.has("--url") { return "--url: \(text)" }
        }
        return arguments.has("--settings") ? "--settings: \(text)" : text
    }

    // MARK: The file

    private static func read(_ file: String, inputHolds: String?) throws(UsageError) -> String {
        if file == "-", let inputHolds {
            throw UsageError(text: "--settings -: standard input is for \(inputHolds); put the settings into a file")
        }
        do throws(File.Failure) {
            return try File.read(file == "-" ? "/dev/stdin" : file, bytesMax: bytesMax)
        } catch { throw UsageError(text: "--settings: \(error.text)") }
    }

    private static func parse(_ text: String, _ file: String) throws(UsageError) -> JSON {
        let document: JSON
        do throws(JSON.Failure) { document = try JSON.parse(text) } catch {
            throw UsageError(text: "--settings: \(file) is not JSON: \(error.text)")
        }
        guard document.kind == .object else {
            throw UsageError(text: "--settings: \(file) must hold a JSON object")
        }
        if document.count == 1, let params = document["params"], params.kind == .object { return params }
        return document
    }

    // MARK: The line

    /// What the file says otherwise goes.
    private static func set(_ key: String, _ value: JSON, in document: JSON) {
        switch key {
        case "url": for place in places { document.remove(place) }
        case "token": for other in ["username", "password"] { document.remove(other) }
        case "username", "password": document.remove("token")
        default: if places.contains(key) { document.remove("url") }
        }
        document.set(key, value)
    }

    private static func setByKey(_ option: String, in document: JSON) throws(UsageError) {
        let pieces = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard pieces.count == 2, !pieces[0].isEmpty else {
            throw UsageError(
                text: "--set takes KEY=VALUE, for example ping-interval=5, not \"\(option)\"")
        }
        // A token of digits is a text all the same.
        if !takesText(pieces[0]), let value = try? JSON.parse(pieces[1]) {
            set(pieces[0], value, in: document)
        } else {
            set(pieces[0], JSON.text(pieces[1]), in: document)
        }
    }

    private static func addHeader(_ option: String, in document: JSON) throws(UsageError) {
        guard let colon = option.firstIndex(of: ":"), colon != option.startIndex else {
            throw UsageError(text: "--header takes 'NAME: VALUE', with a colon between")
        }
        let name = String(option[..<colon])
        let value = String(option[option.index(after: colon)...].drop { $0 == " " })
        var headers = document["headers"]
        // The library takes an object in a text as well.
        if let text = headers?.string { headers = try? JSON.parse(text) }
        let object = headers?.kind == .object ? headers ?? JSON.object() : JSON.object()
        for other in object.memberNames where other.lowercased() == name.lowercased() { object.remove(other) }
        object.set(name, value)
        document.set("headers", object)
    }

    private static func setUser(_ option: String, in document: JSON) throws(UsageError) {
        guard let colon = option.firstIndex(of: ":"), colon != option.startIndex else {
            throw UsageError(text: "--user takes NAME:PASSWORD, with a colon between")
        }
        set("username", JSON.text(String(option[..<colon])), in: document)
        set("password", JSON.text(String(option[option.index(after: colon)...])), in: document)
    }

    // MARK: What the library takes

    /// What it finds wrong with a document: the setting, "" for the whole, and a sentence.
    static func faults(_ document: String) -> [(key: String, text: String)] {
        final class Collected { var faults: [(key: String, text: String)] = [] }
        let collected = Collected()
        var document = document
        _ = document.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) { json in
                neuron_ws_settings_check(
                    json.baseAddress, json.count,
                    { key, text, context in
                        guard let key, let text, let context else { return }
                        Unmanaged<Collected>.fromOpaque(context).takeUnretainedValue().faults.append(
                            (String(cString: key), String(cString: text)))
                    }, Unmanaged.passUnretained(collected).toOpaque())
            }
        }
        return collected.faults
    }

    /// The settings form: each key with the type of its value.
    private static let form: [(key: String, type: String)] = {
        var json: UnsafePointer<CChar>?
        var length = 0
        guard neuron_ws_settings_schema(&json, &length) == .NEURON_WS_OK, let json,
            let schema = try? JSON.parse(UnsafeRawBufferPointer(start: json, count: length))
        else { return [] }
        return schema.memberNames.map { ($0, schema[$0]?["type"]?.string ?? "") }
    }()

    /// The keys of the settings form, and those that it has another way to say.
    static var keys: [String] { form.map { $0.key } + places + ["user-timeout"] }

    /// A setting that is a text, or that takes a text wherever it takes JSON.
    private static func takesText(_ key: String) -> Bool {
        ["host", "path"].contains(key) || form.contains { $0.key == key && ["string", "file"].contains($0.type) }
    }
}
