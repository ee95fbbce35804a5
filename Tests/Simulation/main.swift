// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Glibc
import NodeCore

// simulate herd FILE: ten thousand nodes whose server restarts, as a table and as a picture in that file.
if CommandLine.arguments.count == 3, CommandLine.arguments[1] == "herd" {
    let (with, without) = (Herd(hasJitter: true), Herd(hasJitter: false))
    print(Herd.table(with, without), terminator: "")
    guard let file = fopen(CommandLine.arguments[2], "w") else {
        print("\(CommandLine.arguments[2]) cannot be written")
        exit(1)
    }
    fputs(Herd.picture(with, without), file)
    exit(fclose(file) == 0 ? 0 : 1)
}
// simulate SEEDS [FIRST]: so many worlds, from that seed on. One alone is told step by step if it fails.
let arguments = CommandLine.arguments.dropFirst().map { UInt64($0) }
guard (1...2).contains(arguments.count), let count = arguments[0], let first = arguments.count > 1 ? arguments[1] : 1
else {
    print("usage: simulate SEEDS [FIRST] | simulate herd FILE")
    exit(2)
}
nonisolated(unsafe) var current: UInt64 = 0
for trap in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT] {
    signal(trap) { number in
        print("seed \(current): a trap, signal \(number)")
        print("again: make simulate SEEDS=1 SEED=\(current)")
        fflush(nil)
        _exit(1)
    }
}
// A world that has no end: so much of the processor's time is never needed, seconds.
let secondsMax = 120
signal(SIGPROF) { _ in
    print("seed \(current): no end in \(secondsMax) s")
    print("again: make simulate SEEDS=1 SEED=\(current)")
    fflush(nil)
    _exit(1)
}
let clock = ContinuousClock()
let began = clock.now
var steps = 0
var delivered: UInt64 = 0
var confirmed: UInt64 = 0
var givenUp: UInt64 = 0
var asked: UInt64 = 0
var answered: UInt64 = 0
var beats: UInt64 = 0
var silences: UInt64 = 0
var inOrder: UInt64 = 0
var notInTime: UInt64 = 0
var operations = 0
var (cacheSteps, lives, stored, again, superseded, aside, wentLive) = (0, 0, 0, 0, 0, 0, 0)
var failed: [UInt64] = []
for seed in first..<(first + count) {
    current = seed
    var limit = itimerval(it_interval: timeval(), it_value: timeval(tv_sec: secondsMax, tv_usec: 0))
    setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &limit, nil)
    let world = World(seed: seed, isTold: false)
    let cached = CacheWorld(seed: seed, isTold: false)
    let order = OrderWorld(seed: seed, isTold: false)
    let requests = RequestWorld(seed: seed, isTold: false)
    let held = [
        world.holds(seed: seed, "", isFirst: failed.isEmpty),
        cached.holds(seed: seed, ", its cache", isFirst: failed.isEmpty),
        order.holds(seed: seed, ", responses in order", isFirst: failed.isEmpty),
        requests.holds(seed: seed, ", requests", isFirst: failed.isEmpty),
    ]
    if held.contains(false) { failed.append(seed) }
    if failed.count == 10 { break }
    inOrder += order.answered
    operations += requests.asked
    notInTime += order.timedOut
    cacheSteps += cached.steps
    lives += cached.lives
    stored += cached.stored.count
    again += cached.arrivedAgain
    superseded += cached.superseded
    aside += cached.asideCount
    wentLive += cached.wentLive
    steps += world.steps
    delivered += world.deliveredCount
    confirmed += world.confirmedCount
    givenUp += world.givenUpCount
    asked += world.outcomes
    answered += world.answered
    beats += world.heartbeatsLeft
    silences += world.heartbeatsUnanswered
}
let (seconds, attoseconds) = (clock.now - began).components
let time = Double(seconds) + Double(attoseconds) / 1e18
print(
    "\(count) seeds from \(first), \(steps) steps, \(Int(Double(steps) / max(time, 0.001))) a second: "
        + "\(delivered) messages delivered (\(confirmed) peer-parsed), \(givenUp) given up, "
        + "\(asked) commands with one outcome each (\(answered) answered), "
        + "\(inOrder) answered by their order alone (\(notInTime) not in time), "
        + "\(operations) operations asked of the host, \(beats) heartbeats (\(silences) called unanswered), "
        + "\(failed.count) seeds failed; caches: \(cacheSteps) steps, \(lives) lives, \(stored) messages stored, "
        + "\(again) came again, \(superseded) were superseded, \(aside) refused, \(wentLive) went in front of others")
if let seed = failed.first { print("again: make simulate SEEDS=1 SEED=\(seed)") }
exit(failed.isEmpty ? 0 : 1)
