// SPDX-License-Identifier: Apache-2.0
// What a server sends: any bytes are taken apart into parts in order; a request's document, uuid and answers are JSON,
// and its tags can be encoded again.
import CNeuronWS
import NodeCore

private func isJSON(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes { Jansson.verdict($0) != .noDocument } }

private func checkTags(_ info: neuron_ws_request_info_t) {
    require(info.tag_count <= RequestLimits.tagsMax, "\(info.tag_count) tags")
    var group = neuron_ws_group_t()
    group.size = MemoryLayout<neuron_ws_group_t>.size
    group.driver = info.driver
    group.group = info.group
    group.tags = info.tags
    group.tag_count = info.tag_count
    group.tag_size = MemoryLayout<neuron_ws_tag_t>.stride
    let buffer = ByteBuffer(byteCountMax: 64 << 20)
    do throws(EncodingError) {
        _ = try EnvelopeEncoder.encode(
            try GroupView.open(&group), timestampMilliseconds: 1, options: EncodingOptions(format: .tags),
            names: GroupNames(),
            key: nil, into: buffer)
        if buffer.count > 0 { buffer.withBytes { require(Jansson.verdict($0) != .noDocument, "the tags are no JSON") } }
    } catch {
        require(buffer.count == 0, "failed, but written")
    }
}

private func check(_ request: Request) {
    require(isJSON(request.echo.id), "a uuid that is no JSON")
    let answer = RequestAnswer.failure(request.echo, error: 1, reason: "\"\u{1}ü")
    require(isJSON(answer), "an answer that is no JSON")
    let document = UnsafeRawBufferPointer(start: request.info.json, count: request.info.json_length)
    require(Jansson.verdict(document) != .noDocument, "a request that is no JSON")
    require(document.count <= RequestLimits.documentBytesMax && request.memoryBytes >= document.count, "its length")
    require(request.info.json[request.info.json_length] == 0, "no NUL behind the document")
    require((1...4).contains(request.info.kind.rawValue), "kind \(request.info.kind.rawValue)")
    checkTags(request.info)
}

@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    let bytes = FuzzInput(data, size).rest
    guard var message = IncomingMessage.make(bytes) else { return 0 }
    var end = 0
    var count = 0
    let gateway = size % 2 == 0 ? nil : OpenGateIdentity(deviceID: "g", isReduced: false)
    let rules = RequestRules(policy: .all, memoryBytesMax: 1 << 20, memoryBytesLeft: 1 << 18, openGate: gateway)
    while let part = message.next(rules) {
        if case .unfinished = part { continue }
        count += 1
        require(count <= RequestLimits.arrayMembersMax, "\(count) parts")
        switch part {
        case .unfinished: break
        case .request(let request):
            check(request)
        case .busy(let busy): require(isJSON(busy.echo.id), "a uuid that is no JSON")
        case .refused: require(false, "refused, though all is allowed")
        case .malformed(let malformed, let range):
            require(!malformed.reason.isEmpty, "malformed without a reason")
            let answer = malformed.echo.map { RequestAnswer.failure($0, error: 1002, reason: "") }
            require(answer.map(isJSON) ?? true, "an answer that is no JSON")
            require(range.lowerBound >= end && range.upperBound <= bytes.count, "parts out of order")
            end = range.upperBound
        case .other(let range):
            require(range.lowerBound >= end && range.upperBound <= bytes.count, "parts out of order")
            end = range.upperBound
        }
    }
    return 0
}
