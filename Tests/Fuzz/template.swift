// SPDX-License-Identifier: Apache-2.0
// Custom templates: any JSON document is one or is refused with a reason, and what is filled in is JSON.
import CNeuronWS
import NodeCore

/// A group with names that need escaping, an error, metas, and numbers of every kind.
nonisolated(unsafe) private let document = parsed(
    #"{"node":"p\"1\\","group":"ü\n${tags}","timestamp":1,"tags":["#
        + #"{"name":"i","value":-1,"metas":[{"name":"q","value":9}]},"#
        + #"{"name":"d","value":0.1,"precision":3},{"name":"${node}","value":"\u0001"},{"name":"x","error":1011},"#
        + #"{"name":"a","value":[1,2.5]},{"name":"o","value":{"k":[null,true]}}]}"#)

private func parsed(_ json: String) -> GroupDocument {
    Array(json.utf8).withUnsafeBytes { try! GroupDocument.parse($0) }
}

private let staticTags = try! StaticTags.parse(
    try! JSONDocument.parse(#"{"s\"t":1,"u":"${group}"}"#, byteCountMax: 100).root)

private func render(_ template: CustomTemplate, reportsErrors: Bool, staticTags: StaticTags?) {
    let buffer = ByteBuffer(byteCountMax: 16 << 20)
    let options = EncodingOptions(
        format: .custom, reportsErrors: reportsErrors, staticTags: staticTags, template: template)
    document.withGroup { group in
        do throws(EncodingError) {
            let result = try EnvelopeEncoder.encode(
                try GroupView.open(group), timestampMilliseconds: 1_650_006_388_943, options: options,
                names: GroupNames(),
                key: nil, into: buffer)
            require(result == .message(values: 5, errors: reportsErrors ? 1 : 0), "became \(result)")
        } catch { require(false, "a template that was taken fails") }
    }
    buffer.withBytes { require(Jansson.verdict($0) == .document, "what is filled in is no JSON") }
}

@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    do throws(JSONError) {
        let root = try JSONDocument.parse(FuzzInput(data, size).rest, byteCountMax: 1 << 20).root
        do throws(EncodingError) {
            let template = try CustomTemplate.parse(root)
            render(template, reportsErrors: true, staticTags: staticTags)
            render(template, reportsErrors: false, staticTags: nil)
        } catch {}
    } catch {
        require(!error.text.isEmpty, "refused without a reason")
    }
    return 0
}
