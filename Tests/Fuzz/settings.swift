// SPDX-License-Identifier: Apache-2.0
// Settings documents and a subscription's parameters: refused with a reason, or all numbers in their ranges.
import NodeCore

private func checkSettings(_ json: UnsafeRawBufferPointer) {
    do throws(SettingsError) {
        let settings = try NodeSettings.parse(json: json)
        require(!settings.urls.isEmpty, "no URL")
        require(settings.redactedURLs.count == settings.urls.count, "a URL that cannot be shown")
        require(settings.messageBytesMax > 0 && settings.frameBytesMax > 0, "a limit of nothing")
        require(settings.fragmentBytes >= 0 && settings.queueBytesMax > 0 && settings.queueMessagesMax > 0, "a limit")
        require(settings.connectTimeoutMilliseconds > 0 && settings.closeTimeoutMilliseconds > 0, "a timeout of 0")
        require(settings.pingIntervalMilliseconds >= 0 && settings.pingTimeoutMilliseconds > 0, "a ping of 0")
        require(settings.reconnectMinMilliseconds > 0, "no wait before the next attempt")
        require(settings.reconnectMinMilliseconds <= settings.reconnectMaxMilliseconds, "waits from more to less")
        require([0, 4, 6].contains(settings.ipVersion), "IP version \(settings.ipVersion)")
        let again = try NodeSettings.parse(json: json)
        require(settings.connectionEquals(again), "the same settings differ")
    } catch {
        require(!error.text.isEmpty, "refused without a reason")
    }
}

@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    let json = FuzzInput(data, size).rest
    checkSettings(json)
    do throws(JSONError) {
        _ = try SubscriptionParameters.parse(json: json)
    } catch {
        require(!error.text.isEmpty, "refused without a reason")
    }
    return 0
}
