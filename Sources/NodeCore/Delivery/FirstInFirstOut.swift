// SPDX-License-Identifier: Apache-2.0
/// What waits for its turn. To take the first costs the same however many there are, unlike an array's `removeFirst`.
struct FirstInFirstOut<Element> {
    private var elements: [Element] = []
    /// So many of them are taken.
    private var takenCount = 0

    var isEmpty: Bool { takenCount == elements.count }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func removeFirst() -> Element? {
        if isEmpty { return nil }
        let element = elements[takenCount]
        takenCount += 1
        if isEmpty {
            elements.removeAll()
            takenCount = 0
        }
        return element
    }

    /// Changes the last one. - Returns: false: there is none, or `body` says that it is as it was.
    mutating func changeLast(_ body: (inout Element) -> Bool) -> Bool {
        isEmpty ? false : body(&elements[elements.count - 1])
    }
}
