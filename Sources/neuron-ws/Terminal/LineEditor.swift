// SPDX-License-Identifier: Apache-2.0
import CEditLine
import CLinux

/// Editing and history of typed lines by libedit, where that is installed: the tool loads it, and does without else.
final class LineEditor {
    /// The one that is in use: libedit's callbacks have no context. Of the main thread alone.
    nonisolated(unsafe) private static var current: LineEditor?
    /// Set by the signal handler alone.
    nonisolated(unsafe) private static var isResized = false

    private static let historyLinesMax: Int32 = 1000
    nonisolated(unsafe) private static let prompt = strdup("> ")

    private struct Functions {
        let initialize, end, gets, set, resize, history, historyInitialize, historyEnd: UnsafeMutableRawPointer
    }

    private let functions: Functions
    private let editor: UnsafeMutableRawPointer
    private let history: UnsafeMutableRawPointer?
    /// Waits until a byte can be read; false: no more lines are wanted.
    private let waitForInput: () -> Bool
    private var isEditing = false

    /// - Returns: nil where the ends are no terminals, or one that cannot take a line away, or there is no libedit.
    static func open(waitForInput: @escaping () -> Bool) -> LineEditor? {
        guard isatty(0) == 1, isatty(1) == 1, !Terminal.isDumb, let functions = load() else { return nil }
        // Letters beyond ASCII are letters; numbers stay as they are (LC_NUMERIC is not touched).
        if setlocale(LC_CTYPE, "") == nil || isPlain() { _ = setlocale(LC_CTYPE, "C.UTF-8") }
        guard let editor = neuron_ws_el_init(functions.initialize, "neuron-ws") else { return nil }
        return LineEditor(functions, editor, waitForInput)
    }

    /// A locale without letters beyond ASCII.
    private static func isPlain() -> Bool {
        guard let name = setlocale(LC_CTYPE, nil) else { return true }
        return ["C", "POSIX"].contains(String(cString: name))
    }

    private static func load() -> Functions? {
        guard let library = dlopen("libedit.so.2", RTLD_NOW) ?? dlopen("libedit.so.0", RTLD_NOW) else { return nil }
        func find(_ name: String) -> UnsafeMutableRawPointer? { dlsym(library, name) }
        guard let initialize = find("el_init"), let end = find("el_end"), let gets = find("el_gets"),
            let set = find("el_set"), let resize = find("el_resize"), let history = find("history"),
            let historyInitialize = find("history_init"), let historyEnd = find("history_end")
        else { return nil }
        return Functions(
            initialize: initialize, end: end, gets: gets, set: set, resize: resize, history: history,
            historyInitialize: historyInitialize, historyEnd: historyEnd)
    }

    private init(
        _ functions: Functions, _ editor: UnsafeMutableRawPointer, _ waitForInput: @escaping () -> Bool
    ) {
        self.functions = functions
        self.editor = editor
        self.waitForInput = waitForInput
        history = neuron_ws_history_init(functions.historyInitialize)
        Self.current = self
        _ = neuron_ws_el_set_prompt(functions.set, editor) { _ in LineEditor.prompt }
        _ = neuron_ws_el_set_text(functions.set, editor, Int32(NEURON_WS_EL_EDITOR), "emacs")
        _ = neuron_ws_el_set_reader(functions.set, editor) { _, letter in
            guard let letter, let current = LineEditor.current else { return 0 }
            return current.readLetter(letter)
        }
        if let history {
            _ = neuron_ws_history_number(
                functions.history, history, Int32(NEURON_WS_H_SETSIZE), Self.historyLinesMax)
            _ = neuron_ws_history_number(functions.history, history, Int32(NEURON_WS_H_SETUNIQUE), 1)
            _ = neuron_ws_el_set_history(functions.set, editor, functions.history, history)
        }
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in LineEditor.isResized = true }
        sigaction(SIGWINCH, &action, nil)
    }

    /// Gives the terminal back as it was.
    func close() {
        // No handler: the system's own way.
        var action = sigaction()
        sigaction(SIGWINCH, &action, nil)
        neuron_ws_el_call(functions.end, editor)
        if let history { neuron_ws_el_call(functions.historyEnd, history) }
        Self.current = nil
    }

    /// The next line without its end; nil: Ctrl-D, or no more are wanted.
    func readLine() -> [UInt8]? {
        var count: Int32 = 0
        isEditing = true
        defer { isEditing = false }
        guard let text = neuron_ws_el_gets(functions.gets, editor, &count), count > 0 else { return nil }
        if let history, count > 1 { _ = neuron_ws_history_enter(functions.history, history, text) }
        var line = [UInt8](UnsafeRawBufferPointer(start: text, count: Int(count)))
        while line.last == 10 || line.last == 13 { line.removeLast() }
        return line
    }

    /// Prints something while a line is typed, which stays below it.
    func around(_ printing: () -> Void) {
        guard isEditing else { return printing() }
        Output.standard.write("\r\u{1B}[J")
        Output.standard.flush()
        printing()
        Output.standard.flush()
        _ = neuron_ws_el_set(functions.set, editor, Int32(NEURON_WS_EL_REFRESH))
    }

    // MARK: What libedit calls back

    /// One letter out of UTF-8; 0 at the end, as libedit wants it.
    private func readLetter(_ letter: UnsafeMutablePointer<wchar_t>) -> Int32 {
        var scalar: UInt32 = 0
        var missing = 0
        while true {
            guard waitForInput() else { return 0 }
            if Self.isResized {
                Self.isResized = false
                neuron_ws_el_call(functions.resize, editor)
            }
            var byte: UInt8 = 0
            let count = CLinux.read(0, &byte, 1)
            if count < 0 && (systemErrorNumber == EINTR || systemErrorNumber == EAGAIN) { continue }
            guard count == 1 else { return 0 }
            switch byte {
            case 0x80...0xBF where missing > 0:
                scalar = scalar << 6 | UInt32(byte & 0x3F)
                missing -= 1
            case 0xC2...0xDF: (scalar, missing) = (UInt32(byte & 0x1F), 1)
            case 0xE0...0xEF: (scalar, missing) = (UInt32(byte & 0x0F), 2)
            case 0xF0...0xF4: (scalar, missing) = (UInt32(byte & 0x07), 3)
            default: (scalar, missing) = (UInt32(byte), 0)
            }
            guard missing == 0 else { continue }
            letter.pointee = wchar_t(truncatingIfNeeded: scalar)
            return 1
        }
    }
}
