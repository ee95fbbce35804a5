// SPDX-License-Identifier: Apache-2.0

/// A value with memory of its own: who may have it and has it not needs no room for it, and it moves as a pointer does.
struct Boxed<Value: ~Copyable>: ~Copyable {
    private let place: UnsafeMutablePointer<Value>

    init(_ value: consuming Value) {
        place = .allocate(capacity: 1)
        place.initialize(to: value)
    }

    deinit {
        place.deinitialize(count: 1)
        place.deallocate()
    }

    var value: Value {
        _read { yield place.pointee }
        _modify { yield &place.pointee }
    }
}
