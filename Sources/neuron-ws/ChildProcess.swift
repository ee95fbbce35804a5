// SPDX-License-Identifier: Apache-2.0
import CLinux

/// A program that was started, and the end of a pipe from which its output is read.
struct ChildProcess {
    let number: pid_t
    let output: Int32

    /// - Parameters:
    ///   - arguments: its own name is the first.
    ///   - inherited: names of our environment that it gets; of the others none.
    ///   - added: more of it, as `NAME=value`.
    ///   - folder: where it works; nil: where we do.
    /// - Returns: nil: errno says why.
    static func start(
        _ program: String, _ arguments: [String], inherited: [String], added: [String] = [], in folder: String? = nil
    ) -> ChildProcess? {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = neuron_ws_close_on_exec(end) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        if let folder { posix_spawn_file_actions_addchdir_np(&actions, folder) }
        defer { posix_spawn_file_actions_destroy(&actions) }
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] = added.map { strdup($0) }
        for name in inherited {
            if let value = getenv(name) { environment.append(strdup("\(name)=" + String(cString: value))) }
        }
        environment.append(nil)
        defer { for word in words + environment { free(word) } }
        var number: pid_t = 0
        let fault = posix_spawn(&number, program, &actions, nil, &words, &environment)
        close(ends[1])
        if fault == 0 { return ChildProcess(number: number, output: ends[0]) }
        close(ends[0])
        return nil
    }

    /// Reads nothing more, and waits for its end. - Returns: its exit status; behind a signal 128 and its number.
    func end() -> Int32 {
        close(output)
        var status: Int32 = 0
        while waitpid(number, &status, 0) < 0, systemErrorNumber == EINTR {}
        return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    }
}
