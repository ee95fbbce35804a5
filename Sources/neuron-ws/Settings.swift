/// Settings from a file and from the command line, as one document.
enum Settings {
    /// - Parameters:
    ///   - file: a JSON file with settings, bare or inside {"params":{…}}; nil for none.
    ///   - url: goes before the file's.
    static func compose(file: String?, url: String?) throws(UsageError) -> String {
        guard let file else {
            guard let url else { throw UsageError(text: "it needs --url, or --settings with a file that names one") }
            return "{\"url\":\(JSONText.quoted(url))}"
        }
        let document = try load(file)
        var settings = document
        if document.count == 1, let params = document["params"], params.kind == .object { settings = params }
        if let url { settings.set("url", url) }
        return String(decoding: settings.compactText, as: UTF8.self)
    }

    /// The file's text, as it is.
    static func text(_ file: String) throws(UsageError) -> String {
        do throws(File.Failure) { return try File.read(file) } catch {
            throw UsageError(text: "--settings: \(error.text)")
        }
    }

    private static func load(_ file: String) throws(UsageError) -> JSON {
        let text = try text(file)
        let document: JSON
        do throws(JSON.Failure) { document = try JSON.parse(text) } catch {
            throw UsageError(text: "--settings: \(file) is not JSON: \(error.text)")
        }
        guard document.kind == .object else {
            throw UsageError(text: "--settings: \(file) must hold a JSON object")
        }
        return document
    }
}
