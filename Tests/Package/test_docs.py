# SPDX-License-Identifier: Apache-2.0
"""The manual is true: its programs compile and run, its outputs are what the tool prints, its tables are the library's.

A comment before a fenced block of README.md or docs/*.md says what is done with it:

<!-- run -->              a whole program in C, C++ or Python: compiled without a warning, run beside an echoing server
<!-- compile -->          a piece of C or C++: compiled without a warning
<!-- file: NAME -->       written to a file for the commands of the same page
<!-- output -->           what the program before it prints
<!-- output of: CMD -->   what a shell command prints, but for times in ms; neuron-ws is on its PATH, make runs in the
                          tree. NEURON_WS_WRITE_DOCS=1 writes what it prints into the page: so the lists of options come
                          from the tool's table
<!-- output like: CMD --> the same, but for all numbers
<!-- step -->             of a tutorial: test_tutorials.py carries it out, with the page's files and outputs
<!-- output of demo -->   `make demo`, shortened by lines of "…", its numbers of another run; `demo-opengate` likewise

127.0.0.1:8080 stands for the server; stand_ins.py has what stands for a proxy and other servers.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Tests/Interop"), str(ROOT / "Tests/CABI"), str(ROOT / "Tests/Package")]

import foreign  # noqa: E402
import hpp  # noqa: E402
import stand_ins  # noqa: E402

PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
README = PAGES[0]
SHOWN = "127.0.0.1:8080"
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{ROOT / 'include'}"]
STRICT = {"c": ["gcc", "-std=c99", *WARNINGS], "cpp": ["g++", "-std=c++17", "-Wconversion", "-Wshadow", *WARNINGS]}
# The gateway's form has another way to say these, or no number for their default: its schema does not hold them.
HIDDEN = {"host", "port", "tls", "path", "user-timeout"}


@dataclass(frozen=True)
class Block:
    page: Path
    line: int
    mark: str
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks_of(page: Path) -> Iterator[Block]:
    mark, start = "", 0
    fenced: list[str] = []
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if start:
            if line == "```":
                yield Block(page, start, mark, language, "".join(text + "\n" for text in fenced))
                mark, start, fenced = "", 0, []
            else:
                fenced.append(line)
        elif line.startswith("```"):
            start, language = number, line[3:]
        elif comment := re.fullmatch(r"<!-- (.*) -->", line):
            mark = comment[1]
        elif line:
            mark = ""
    assert not start, f"{page}:{start}: the block does not end"


BLOCKS = [block for page in PAGES for block in blocks_of(page)]


def marked(pattern: str) -> list[Block]:
    return [block for block in BLOCKS if re.fullmatch(pattern, block.mark)]


def named(blocks: list[Block]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("block", blocks, ids=map(str, blocks))


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    for file in (foreign.LIBRARY, foreign.TOOL):
        assert file.is_file(), f"{file} is not there: build it first, or set NEURON_WS_LIBRARY and NEURON_WS_TOOL"


@pytest.fixture(scope="module")
def server() -> Iterator[foreign.Server]:
    with foreign.Server(echo=True) as running:
        yield running


def environment(folder: Path) -> dict[str, str]:
    """Where the tool is on the PATH and Python finds the binding; no make around it, no colours."""
    tools = folder / "bin"
    tools.mkdir()
    (tools / "neuron-ws").symlink_to(foreign.TOOL)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "MFLAGS"}
    return kept | {
        "PATH": f"{tools}:{os.environ['PATH']}", "PYTHONPATH": str(foreign.BINDING),
        "NEURON_WS_LIBRARY": str(foreign.LIBRARY), "LC_ALL": "C.UTF-8",
    }


def executed(command: list[str], folder: Path, server: foreign.Server) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=60,
        stdin=subprocess.DEVNULL,
    )


def for_server(text: str, server: foreign.Server) -> str:
    return text.replace(SHOWN, f"127.0.0.1:{server.port}")


def as_shown(text: str, server: foreign.Server) -> str:
    return text.replace(f"127.0.0.1:{server.port}", SHOWN)


# -------------------------------------------------------------------------------------------------- programs and outp


def test_every_mark_is_known_and_its_language_fits() -> None:
    wrong = []
    for block in BLOCKS:
        fits = {
            "run": block.language in ("c", "cpp", "python"), "compile": block.language in ("c", "cpp"),
            "output": True, "step": block.language == "sh" and block.page.name.startswith("tutorial-"),
        }.get(block.mark, bool(re.fullmatch(
            r"|file: [\w.-]+|output (?:of|like): .+|output of demo(?:-opengate)?", block.mark)))
        if not fits:
            wrong.append(f"{block}: {block.mark}")
    assert wrong == []


@pytest.mark.parametrize("language", ["c", "cpp", "python"])
def test_the_readme_shows_a_program_that_runs(language: str) -> None:
    assert [block for block in marked("run") if block.page == README and block.language == language]


@named(marked("run"))
def test_a_program_runs_and_prints_what_is_shown(block: Block, server: foreign.Server, tmp_path: Path) -> None:
    received = len(server.messages)
    program = tmp_path / f"program.{'py' if block.language == 'python' else block.language}"
    command = [sys.executable, "-W", "error", str(program)]
    with stand_ins.of(block.text, tmp_path) as places:
        text = for_server(block.text, server)
        for shown, place in places.items():
            text = text.replace(shown, place)
        program.write_text(text)
        printed = ran(block, command, program, server, tmp_path)
    for shown, place in places.items():
        printed = printed.replace(place, shown)
    if not places and re.search(r"node_push|node_send|\.push\(|\.send\(", block.text):
        assert len(server.wait_for(received + 1)) > received
    after = BLOCKS[BLOCKS.index(block) + 1:][:1]
    if after and after[0].mark == "output" and after[0].page == block.page:
        assert as_shown(printed, server) == after[0].text


def ran(block: Block, command: list[str], program: Path, server: foreign.Server, tmp_path: Path) -> str:
    """What a program prints, compiled before if need be."""
    if block.language != "python":
        # Under its soname, so that the loader finds it as in an installation.
        (tmp_path / "libneuron_ws.so.1").symlink_to(foreign.LIBRARY)
        link = [str(tmp_path / "libneuron_ws.so.1"), f"-Wl,-rpath,{tmp_path}", "-lpthread"]
        built = subprocess.run(
            [*STRICT[block.language], str(program), "-o", str(tmp_path / "program"), *link],
            capture_output=True, text=True,
        )
        assert built.returncode == 0, built.stderr
        command = [str(tmp_path / "program")]
    done = executed(command, tmp_path, server)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("compiler", ["g++", hpp.clang()])
def test_the_ten_lines_of_c_are_cpp_too(compiler: str) -> None:
    """Designated initialisers came with C++20; that members left out are zero is as sure there as in C."""
    block = next(block for block in marked("run") if block.page == README and block.language == "c")
    options = ["-std=c++20", *WARNINGS, "-Wno-missing-field-initializers", "-fsyntax-only", "-x", "c++", "-"]
    built = subprocess.run([compiler, *options], input=block.text, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr


@named(marked("compile"))
def test_a_piece_of_c_or_cpp_compiles(block: Block, tmp_path: Path) -> None:
    source = tmp_path / f"piece.{block.language}"
    headers = ["neuron_ws.h", "stdio.h", "stdlib.h", "string.h"]
    if block.language == "cpp":
        headers = ["neuron_ws.hpp", "cstdio", "iostream", "vector"]
    source.write_text("".join(f"#include <{header}>\n" for header in headers) + block.text)
    command = [*STRICT[block.language], "-c", str(source), "-o", os.devnull]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr


@named(marked("output of: .+"))
def test_a_command_prints_what_is_shown(block: Block, server: foreign.Server, tmp_path: Path) -> None:
    for file in marked(r"file: [\w.-]+"):
        if file.page == block.page:
            (tmp_path / file.mark.removeprefix("file: ")).write_text(for_server(file.text, server))
    command = block.mark.removeprefix("output of: ")
    folder = ROOT if command.startswith("make ") else tmp_path
    done = subprocess.run(
        ["bash", "-c", for_server(command, server)], cwd=folder, env=environment(tmp_path), timeout=60,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    printed = as_shown(done.stdout, server)
    if os.environ.get("NEURON_WS_WRITE_DOCS") and timeless(printed) != timeless(block.text):
        fence = f"<!-- {block.mark} -->\n```{block.language}\n"
        text = block.page.read_text()
        assert fence + block.text + "```\n" in text
        block.page.write_text(text.replace(fence + block.text + "```\n", fence + printed + "```\n"))
    else:
        assert timeless(printed) == timeless(block.text)


@named(marked("output like: .+"))
def test_a_command_prints_the_like_of_what_is_shown(block: Block, server: foreign.Server, tmp_path: Path) -> None:
    command = for_server(block.mark.removeprefix("output like: "), server)
    done = executed(["bash", "-c", command], tmp_path, server)
    assert done.returncode == 0, done.stderr
    assert [plain(line) for line in done.stdout.splitlines()] == [plain(line) for line in block.text.splitlines()]


def timeless(text: str) -> str:
    """Without how long something took, and the blanks in front of it."""
    return re.sub(r" *\b\d+\.\d\d ms", " # ms", text)


def test_the_manual_has_the_help_of_every_command() -> None:
    told = subprocess.run([foreign.TOOL, "help"], check=True, capture_output=True, text=True).stdout
    commands = set(re.findall(r"^  (\w+)  ", told, re.M)) - {"help", "schema", "version"}
    shown = {block.mark.split()[3] for block in marked(r"output of: neuron-ws \w+ --help")}
    assert commands - shown == set()


def test_every_example_of_the_manual_is_run() -> None:
    """Each command of docs/tool.md's text that could be run as it stands is marked to be run somewhere."""
    page = ROOT / "docs/tool.md"
    run = {re.sub(r"^output (?:of|like): ", "", block.mark) for block in BLOCKS if block.page == page}
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.S | re.M)
    commands = "check|push|connect|serve|explain|encode|bench"
    examples = re.findall(rf"`((?:echo [^`|]*\| )?neuron-ws (?:{commands}) [^`]*)`", text)
    assert len(examples) > 8
    assert [example for example in examples if example not in run and "…" not in example] == []


def plain(line: str) -> str:
    """Without what differs from run to run: numbers, and the blanks that line them up."""
    return " ".join(re.sub(r"\d+", "#", line).split())


@pytest.mark.parametrize(("mark", "command"), [
    ("demo", ["neuron-ws", "demo"]),
    ("demo-opengate", [sys.executable, str(ROOT / "examples/opengate_agent/demo.py")])])
def test_the_demo_prints_what_is_shown(mark: str, command: list[str], server: foreign.Server, tmp_path: Path) -> None:
    (block,) = marked(f"output of {mark}")
    done = executed(command, tmp_path, server)
    assert done.returncode == 0, done.stdout + done.stderr
    # Which failure the state tells depends on the moment it is asked at.
    shown, printed = (re.sub(r"^  state: .*?\n\n", "\n", text, flags=re.S | re.M) for text in (block.text, done.stdout))
    lines = [plain(line) for line in printed.splitlines()]
    missing = []
    for line in shown.splitlines():
        if plain(line) in lines:
            del lines[: lines.index(plain(line)) + 1]
        elif line.strip() != "…":
            missing.append(line)
    assert missing == []


# ---------------------------------------------------------------------------------------------------------- the setti


def settings_table() -> dict[str, tuple[str, str, str]]:
    """What the README says each setting takes, its default, and its meaning."""
    inside = re.search(r"<!-- settings -->\n(.*?)<!-- end of settings -->", README.read_text(), re.S)
    assert inside
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in inside[1].splitlines() if line.startswith("| `")]
    cells = [[cell.strip().replace("\\|", "|") for cell in row] for row in rows]
    assert all(len(row) == 4 for row in cells)
    return {row[0].strip("`"): (row[1], row[2], row[3]) for row in cells}


def schema() -> dict[str, dict[str, object]]:
    told = subprocess.run([foreign.TOOL, "schema"], check=True, capture_output=True, text=True).stdout
    return dict(json.loads(told))


def refusal(settings: dict[str, object]) -> str:
    foreign.use_binding()
    import neuron_ws

    with pytest.raises(neuron_ws.SettingsError) as raised:
        neuron_ws.Node("docs", settings).close()
    return raised.value.detail


def test_the_settings_table_has_a_row_for_each_setting() -> None:
    assert set(settings_table()) == set(schema()) | HIDDEN


# What these numbers are is no limit.
NO_LIMIT = {"format", "schema", "log-level"}


def test_the_page_of_limits_has_each_setting_that_is_one() -> None:
    page = (ROOT / "docs/limits.md").read_text().partition("## Growth")[0]
    named = set(re.findall(r"`([a-z_-]+)`", page))
    numbers = {
        key for key, (takes, _, _) in settings_table().items()
        if re.search(r"\d", takes) and re.search(r"integer|number|seconds", takes)}
    numbers -= (HIDDEN - {"user-timeout"}) | NO_LIMIT
    assert {key for key in settings_table() if "max" in key.split("-")} <= numbers
    assert numbers - named == set()
    # And with the default that the library has.
    rows = [line.split("|") for line in page.splitlines() if line.startswith("|")]
    for key in ("max-message-size", "max-frame-size", "queue-max-bytes", "requests-max-bytes"):
        row = next(row for row in rows if f"setting `{key}`" in row[2])
        assert int(settings_table()[key][1].split()[0]) == 16 << 20 and "16 MiB" in row[3], key


def test_the_settings_table_says_what_the_library_takes() -> None:
    wrong = {}
    for key, (takes, _, _) in settings_table().items():
        # null is JSON, so the template takes it.
        bad = "{" if key == "schema" else None
        told = refusal({"url": "ws://127.0.0.1/", key: bad} if key not in HIDDEN else {key: bad})
        expected = f'"{key}" ' if key == "schema" else f'"{key}" is null; it takes {takes}'
        if expected not in told:
            wrong[key] = told
    assert wrong == {}


def test_the_settings_table_has_the_schemas_meanings_and_defaults() -> None:
    table = settings_table()
    for key, member in schema().items():
        _, default, meaning = table[key]
        assert meaning == member["description"], key
        valid = member["valid"]
        assert isinstance(valid, dict)
        standard = member.get("default", "")
        if "map" in valid:
            names = {choice["value"]: choice["key"] for choice in valid["map"]}
            assert default == f"`{names[standard]}`", key
        elif default in ("–", "required"):
            # The form wants a number where there is none; the meaning says what holds then.
            assert standard == "" or key == "user-timeout", key
        else:
            assert default.split()[0] == str(standard).lower(), key


def test_the_troubles_are_told_in_the_librarys_words() -> None:
    """What the first table of troubleshooting quotes stands in the sources; any `\\(…)` of Swift may be a number."""
    # Texts that were broken into several literals are joined again.
    sources = "".join(file.read_text() for file in sorted((ROOT / "Sources").rglob("*.swift")))
    sources = re.sub(r'"\s*\n\s*\+ "', "", sources)
    inside = re.search(r"^\| `check` or `state.message` says .*?\n\n", README.read_text(), re.S | re.M)
    assert inside
    rows = inside[0].strip().splitlines()[2:]
    quoted = [text for row in rows for text in re.findall(r"`([^`]+)`", row.split("|")[1])]
    assert len(quoted) > 25
    unsaid = []
    for text in quoted:
        for piece in text.split("…"):
            pattern = re.sub(r"\d+", r"(?:\\d+|\\\\\\([^\\n\"]*?\\)+)", re.escape(piece.strip()).replace("\\ ", " "))
            if not re.search(pattern, sources):
                unsaid.append(piece)
    assert unsaid == []


# -------------------------------------------------------------------------------------------------------------- the p


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.S | re.M)
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


PICTURE = re.compile(r'(?:src|srcset)="([^"]+)"|!\[[^\]]+\]\(([^)]+)\)')
PICTURE_BYTES_MAX = 150 * 1024


def test_the_pictures_are_shown_and_small() -> None:
    """Each of docs/images is on a page, with words for those who do not see it; `make pictures` writes them anew."""
    shown = set()
    for page in PAGES:
        text = page.read_text()
        shown |= {(page.parent / (a or b)).resolve() for a, b in PICTURE.findall(text)}
        assert [tag for tag in re.findall(r"<img [^>]*>", text) if 'alt="' not in tag] == [], page.name
    there = set((ROOT / "docs/images").iterdir())
    assert shown == there and len(there) >= 4
    assert {file.name: size for file in there if (size := file.stat().st_size) > PICTURE_BYTES_MAX} == {}


FIRST_SCREEN = ["See it work", "Check my server", "Talk to my server", "Watch what arrives"]


@pytest.mark.parametrize("what", FIRST_SCREEN)
def test_the_first_screen_shows_what_one_does_first(what: str) -> None:
    """In at most five lines, of commands and options that there are."""
    first = README.read_text().partition("\n| you |")[0]
    found = re.search(rf"^\*\*{what}\*\*.*?```sh\n(.*?)```", first, re.S | re.M)
    assert found
    lines = found[1].splitlines()
    assert 1 <= len(lines) <= 5
    for command, rest in re.findall(r"neuron-ws (\w+)([^|&#\n]*)", found[1]):
        told = subprocess.run([foreign.TOOL, command, "--help"], capture_output=True, text=True)
        assert told.returncode == 0, command
        assert [option for option in re.findall(r"--[\w-]+", rest) if option not in told.stdout] == [], command


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.S | re.M)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", text)):
        if re.match(r"\w+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


def test_the_readme_leads_to_every_page() -> None:
    text = README.read_text()
    assert [page.name for page in PAGES[1:] if f"]({page.relative_to(ROOT)}" not in text] == []


def test_the_page_of_examples_leads_to_each() -> None:
    folder = ROOT / "examples"
    pages = {f"{page.parent.name}/README.md" for page in folder.glob("*/README.md")}
    assert pages == {f"{one.name}/README.md" for one in folder.iterdir() if one.is_dir() and any(one.iterdir())}
    assert pages == set(re.findall(r"\]\((\S+/README\.md)\)", (folder / "README.md").read_text()))


def metric_names() -> set[str]:
    foreign.use_binding()
    import neuron_ws

    with neuron_ws.Node("docs", {"url": "ws://127.0.0.1:9/"}) as node:
        # What counts endings is there once something has ended.
        foreign.wait_until(lambda: "neuron_ws_endings_total" in node.metrics_text(), 20)
        return set(re.findall(r"^neuron_ws_\w+", node.metrics_text(), re.M))


def test_c_names_in_the_pages_are_the_headers() -> None:
    """Each neuron_ws_… and NEURON_WS_… of a page is in the header, or begins one that is (`neuron_ws_attempt_`)."""
    headers = [(ROOT / "include" / name).read_text() for name in ("neuron_ws.h", "neuron_ws.hpp")]
    known = set(re.findall(r"\b(?:neuron_ws|NEURON_WS)_\w+", "".join(headers)))
    # Of the environment, for the tests and the binding.
    known |= metric_names()
    known |= {"NEURON_WS_LIBRARY", "NEURON_WS_TOOL", "NEURON_WS_WRITE_SETTINGS", "NEURON_WS_WRITE_DOCS",
              "NEURON_WS_PKCS11_PROVIDER"}
    # The manual page of section 5.
    known.add("neuron_ws_settings")
    unknown = []
    for page in PAGES:
        for name in re.findall(r"(?<!\$)\b(?:neuron_ws|NEURON_WS)_\w+", page.read_text()):
            if name not in known and not (name.endswith("_") and any(one.startswith(name) for one in known)):
                unknown.append(f"{page.name}: {name}")
    assert unknown == []


def test_each_promise_names_what_holds_it() -> None:
    """A row of SECURITY.md names files, tests and settings that there are, or says that no test holds it."""
    settings = set(re.findall(r"^\| `([\w-]+)` \|", README.read_text(), re.M))
    wrong = []
    rows = [line for line in (ROOT / "SECURITY.md").read_text().splitlines() if line.startswith("| ")]
    for row in rows:
        holders = row.split("|")[2]
        if holders.strip() == "held by" or "no test" in holders:
            continue
        named = re.findall(r"`([^`]+)`|\]\(([^)]+)\)", holders)
        if not named:
            wrong.append(f"nothing holds: {row[:60]}")
        file = ""
        for code, link in named:
            if link or code.startswith("make "):
                continue
            if code.startswith("Tests/"):
                file = code
                good = (ROOT / code).exists()
            else:
                good = code in settings or bool(file) and re.search(
                    rf"(func|def) {code}\b", (ROOT / file).read_text()) is not None
            if not good:
                wrong.append(code)
    assert len(rows) > 15 and wrong == []
