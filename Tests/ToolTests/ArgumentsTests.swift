// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import neuron_ws

@Suite struct ArgumentsTests {
    private let syntax = CommandSyntax(
        name: "sample", summary: "a sample",
        positionals: [
            Positional(name: "FROM", help: "where from"), Positional(name: "TO", help: "where to", isRequired: false),
        ],
        options: [
            ArgumentOption(name: "--url", value: "URL", help: "the URL"),
            ArgumentOption(name: "--echo", value: nil, help: "echo"),
        ])

    private func failure(_ words: [String]) -> String? {
        do throws(UsageError) {
            _ = try syntax.parse(words)
            return nil
        } catch { return error.text }
    }

    @Test func sortsWords() throws {
        let arguments = try #require(try syntax.parse(["a", "--url", "x", "--echo", "b"]))
        #expect(arguments.positionals == ["a", "b"])
        #expect(arguments.text("--url") == "x")
        #expect(arguments.has("--echo"))
    }

    @Test func takesTheValueBehindAnEqualsSign() throws {
        let arguments = try #require(try syntax.parse(["a", "--url=x=y"]))
        #expect(arguments.text("--url") == "x=y")
    }

    @Test func theLastValueCountsAndAllCanBeHad() throws {
        let arguments = try #require(try syntax.parse(["a", "--url", "x", "--url", "y"]))
        #expect(arguments.text("--url") == "y")
        #expect(arguments.all("--url") == ["x", "y"])
    }

    @Test func theURLStandsBeforeTheOtherWords() throws {
        let connecting = CommandSyntax(
            name: "c", summary: "", positionals: [Positional(name: "COUNT", help: "", isRequired: false)],
            connects: true)
        let both = try #require(try connecting.parse(["ws://h/", "3", "--set", "a=1", "--ca", "f", "--set", "b=2"]))
        #expect(both.url == "ws://h/")
        #expect(both.positionals == ["3"])
        #expect(both.given.map { $0.name } == ["--set", "--ca", "--set"])
        // A number is no URL, where a number may stand.
        #expect(try connecting.parse(["3"])?.url == nil)
        #expect(try connecting.parse(["3"])?.positionals == ["3"])
        #expect(try CommandSyntax(name: "c", summary: "", connects: true).parse(["3"])?.url == "3")
    }

    @Test(arguments: [
        ("1", 1000), ("0.25", 250), ("0", 0), (".5", 500), ("2.", 2000), ("0.0625", 63), ("9.99949", 9999),
    ])
    func secondsMayHaveDecimals(text: String, expected: Int) throws {
        let arguments = try #require(try syntax.parse(["a", "--url", text]))
        #expect(try arguments.milliseconds("--url", upTo: 10) == expected)
    }

    @Test(arguments: ["-1", "11", "x", "nan", "inf", "", ".", "1.2.3", "1e1", "٣", "99999999999999999999"])
    func secondsThatAreNoneAreRefused(text: String) throws {
        let arguments = try #require(try syntax.parse(["a", "--url=\(text)"]))
        #expect(throws: UsageError.self) { try arguments.milliseconds("--url", upTo: 10) }
    }

    @Test func allBehindTwoDashesIsPositional() throws {
        let arguments = try #require(try syntax.parse(["--", "--url", "-"]))
        #expect(arguments.positionals == ["--url", "-"])
    }

    @Test func helpIsNoArguments() throws {
        #expect(try syntax.parse(["--help"]) == nil)
        #expect(try syntax.parse(["a", "-h", "--nonsense"]) == nil)
    }

    @Test func errorsNameTheArgument() {
        #expect(failure([]) == "sample needs FROM: neuron-ws sample FROM [TO] [--url URL] [--echo]")
        #expect(failure(["a", "--url"]) == "--url needs a value: --url URL")
        #expect(failure(["a", "--echo=1"]) == "--echo takes no value")
        #expect(
            failure(["a", "b", "c"])
                == "sample does not take \"c\": neuron-ws sample FROM [TO] [--url URL] [--echo]")
    }

    @Test func anUnknownOptionNamesTheNearest() {
        #expect(failure(["a", "--ulr", "x"]) == "sample has no option --ulr; did you mean --url?")
        #expect(failure(["a", "--zzzzzzzz"]) == "sample has no option --zzzzzzzz")
    }

    @Test func aRequiredOptionIsAskedFor() {
        let strict = CommandSyntax(
            name: "s", summary: "",
            options: [ArgumentOption(name: "--port", value: "N", help: "", isRequired: true)])
        #expect(throws: UsageError(text: "s needs --port: neuron-ws s --port N")) { try strict.parse([]) }
    }

    @Test func numbersAreWholeAndInTheirRange() throws {
        let arguments = try #require(try syntax.parse(["12", "--url", "7x"]))
        #expect(try arguments.integer(at: 0, name: "FROM", in: 0...20) == 12)
        #expect(try arguments.integer(at: 1, name: "TO", in: 0...20) == nil)
        #expect(throws: UsageError(text: "FROM takes a whole number from 0 to 9, not \"12\"")) {
            try arguments.integer(at: 0, name: "FROM", in: 0...9)
        }
        #expect(throws: UsageError(text: "--url takes a whole number from 0 to 9, not \"7x\"")) {
            try arguments.integer("--url", in: 0...9)
        }
    }

    @Test func nearestCountsSwapsAsOneChange() {
        #expect(Nearest.find("psuh", among: ["push", "demo", "check"]) == "push")
        #expect(Nearest.find("chekc", among: ["push", "demo", "check"]) == "check")
        #expect(Nearest.find("quit", among: ["push", "demo", "check"]) == nil)
    }

    @Test func helpListsEverything() {
        #expect(
            syntax.help == """
                neuron-ws sample FROM [TO] [--url URL] [--echo]

                a sample

                  FROM       where from
                  TO         where to
                  --url URL  the URL
                  --echo     echo
                  --help     this text
                """)
    }
}
