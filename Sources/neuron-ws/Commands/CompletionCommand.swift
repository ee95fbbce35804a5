// SPDX-License-Identifier: Apache-2.0
/// `neuron-ws completion`: what the shell needs to complete the tool's words, made of the same table as its help.
enum CompletionCommand {
    static let syntax = CommandSyntax(
        name: "completion",
        summary: "print the completion of this tool's words for a shell",
        positionals: [
            Positional(name: "bash|zsh|fish", help: "which shell", words: ["bash", "zsh", "fish"])
        ],
        notes: [
            "bash: neuron-ws completion bash > ~/.local/share/bash-completion/completions/neuron-ws",
            "zsh:  neuron-ws completion zsh > a folder of $fpath, under the name _neuron-ws",
            "fish: neuron-ws completion fish > ~/.config/fish/completions/neuron-ws.fish",
        ])

    static func run(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        switch arguments.positionals[0] {
        case "bash": Output.standard.writeLine(BashCompletion.script)
        case "zsh": Output.standard.writeLine(ZshCompletion.script)
        case "fish": Output.standard.writeLine(FishCompletion.script)
        case let other:
            throw UsageError(
                text: "completion takes bash, zsh or fish, not \"\(other)\""
                    + Nearest.hint(other, among: syntax.positionals[0].words))
        }
        return .success
    }
}
