import CNeuronWS

/// An event as it waits for the host.
struct NodeEvent {
    /// All members but `bytes` and `length`, which `take` fills in.
    var event: neuron_ws_event_t
    var bytes: [UInt8]

    init(kind: UInt32, bytes: [UInt8] = []) {
        event = neuron_ws_event_t()
        event.kind = kind
        self.bytes = bytes
    }
}

/// Events for a host with a loop of its own: a bounded queue and an eventfd that is readable while it is not empty.
///
/// Any thread. Invariant: the descriptor is readable exactly when the queue is not empty.
final class EventQueue: @unchecked Sendable {
    /// Past these, new events are dropped and counted; documented in the header.
    static let eventsMax = 65_536
    static let bytesMax = 64 * 1024 * 1024

    let descriptor: Int32
    private let lock = Lock()
    private var mask: UInt32 = 0
    private var events: [NodeEvent] = []
    private var head = 0
    private var queuedBytes = 0
    private var dropped: UInt64 = 0
    /// The bytes of the event that was taken last: they are the host's until it takes the next.
    private var lent: UnsafeMutableRawPointer?

    static func make() throws(SystemError) -> EventQueue {
        EventQueue(descriptor: try Syscalls.eventDescriptor())
    }

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit {
        lent?.deallocate()
        Syscalls.close(descriptor)
    }

    func setMask(_ mask: UInt32) { lock.withLock { self.mask = mask } }

    /// Whether events of this kind come here instead of to the callbacks.
    func wants(_ kind: UInt32) -> Bool { lock.withLock { mask & kind != 0 } }

    var droppedCount: UInt64 { lock.withLock { dropped } }

    /// False: the queue is full, and the event is lost.
    @discardableResult
    func append(_ event: NodeEvent) -> Bool {
        lock.lock()
        defer { lock.unlock() }
        guard events.count - head < Self.eventsMax, queuedBytes + event.bytes.count <= Self.bytesMax else {
            dropped += 1
            return false
        }
        if events.count == head { Syscalls.raise(descriptor) }
        queuedBytes += event.bytes.count
        events.append(event)
        return true
    }

    /// Forgets the requests that wait here, and names them.
    func removeRequests() -> [UInt] {
        lock.lock()
        defer { lock.unlock() }
        var handles: [UInt] = []
        for index in head..<events.count {
            guard let request = events[index].event.request else { continue }
            handles.append(UInt(bitPattern: request))
            events[index].event.request = nil
        }
        return handles
    }

    /// The next event; its bytes live until the next call. One thread at a time.
    func take() -> neuron_ws_event_t? {
        lock.lock()
        defer { lock.unlock() }
        lent?.deallocate()
        lent = nil
        guard head < events.count else { return nil }
        let next = events[head]
        events[head].bytes = []
        head += 1
        queuedBytes -= next.bytes.count
        if head == events.count {
            events.removeAll(keepingCapacity: events.count <= 1024)
            head = 0
            Syscalls.clear(descriptor)
        } else if head >= 1024, head * 2 >= events.count {
            events.removeFirst(head)
            head = 0
        }
        return lend(next)
    }

    private func lend(_ next: NodeEvent) -> neuron_ws_event_t {
        var event = next.event
        let copy = UnsafeMutableRawPointer.allocate(byteCount: next.bytes.count + 1, alignment: 1)
        next.bytes.withUnsafeBytes { if let base = $0.baseAddress { copy.copyMemory(from: base, byteCount: $0.count) } }
        // A NUL behind them serves those who read a log line as a C string.
        copy.storeBytes(of: 0, toByteOffset: next.bytes.count, as: UInt8.self)
        event.bytes = UnsafePointer(copy.assumingMemoryBound(to: UInt8.self))
        event.length = next.bytes.count
        lent = copy
        return event
    }
}
