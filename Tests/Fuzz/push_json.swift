// SPDX-License-Identifier: Apache-2.0
// push_json: takes nothing that jansson does not take for JSON, calls nothing bad JSON that jansson takes, and what
// becomes of a group in every format is JSON again.
import CNeuronWS
import NodeCore

private let formats = [UploadFormat.values, .tags, .ecp].flatMap { format in
    [true, false].map { EncodingOptions(format: format, reportsErrors: $0) }
}

private func checkEncoding(_ document: GroupDocument) {
    let buffer = ByteBuffer(byteCountMax: 64 << 20)
    for options in formats {
        buffer.removeAll(keepingCapacity: true)
        document.withGroup { group in
            do throws(EncodingError) {
                let timestamp = document.timestampMilliseconds
                let result = try EnvelopeEncoder.encode(
                    try GroupView.open(group), timestampMilliseconds: timestamp, options: options, names: GroupNames(),
                    key: nil, into: buffer)
                guard case .message = result else { return require(buffer.count == 0, "skipped, but written") }
                buffer.withBytes { require(Jansson.verdict($0) != .noDocument, "the message is no JSON") }
            } catch {
                require(buffer.count == 0, "failed, but written")
            }
        }
    }
}

@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    let json = FuzzInput(data, size).rest
    let verdict = Jansson.verdict(ofInput: json)
    do throws(GroupDocumentError) {
        let document = try GroupDocument.parse(json)
        require(verdict != .noDocument, "takes what jansson refuses")
        checkEncoding(document)
    } catch {
        require(!error.text.isEmpty, "refused without a reason")
        let isBadJSON = error.text.hasPrefix("line ")
        require(!isBadJSON || verdict != .document, "refuses what jansson takes: \(error.text)")
    }
    return 0
}
