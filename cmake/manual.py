#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the manual pages and the completion files: manual.py MAN COMPLETION [[EMULATOR…] TOOL].

neuron_ws(3) and a page for each section of the header from the header's comments; neuron_ws_settings(5) from the table
of README.md, which the library's own table makes; with the tool also neuron-ws(1) from its --help, and its completion.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEADER = (ROOT / "include/neuron_ws.h").read_text()
VERSION = ".".join(re.findall(r"#define NEURON_WS_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", HEADER))


def roff(text: str) -> str:
    """Plain text as roff takes it."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def date() -> str:
    """Of the newest entry of the changes, or as SOURCE_DATE_EPOCH says: two builds give the same page."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    command = ["date", "-u", "-d", f"@{epoch}"] if epoch else ["date", "-u"]
    return subprocess.run([*command, "+%Y-%m-%d"], check=True, capture_output=True, text=True).stdout.strip()


DATE = date()


def heading(name: str, section: int, summary: str) -> list[str]:
    title = f'.TH {roff(name.upper())} {section} "{DATE}" "neuron_ws {VERSION}" "neuron_ws"'
    # Names are not broken at the ends of lines.
    return [title, ".nh", ".ad l", ".SH NAME", f"{roff(name)} \\- {roff(summary)}"]


def uncommented(comment: str) -> str:
    """A C comment's text."""
    inner = re.sub(r"^/\*+[ \n]?|\s*\*/$", "", comment.strip())
    inner = re.sub(r"^ \* ?", "", inner, flags=re.M)
    return textwrap.dedent(inner).strip("\n")


def prose(text: str) -> list[str]:
    """Paragraphs are filled; what is indented, or a table by its spaces, stays as it is."""
    lines: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        rows = paragraph.split("\n")
        as_it_is = any(re.match(r" {2,}\S", row) or re.search(r"\S {2,}\S", row) for row in rows)
        lines += [".PP", ".nf", roff(paragraph), ".fi"] if as_it_is else [".PP", roff(paragraph)]
    return lines


COMMENT = r"/\*(?:[^*]|\*(?!/))*\*/"


@dataclass
class Section:
    """A part of the header: its title, what it says of itself, and its declarations."""

    title: str
    intro: str
    text: str

    @property
    def page(self) -> str:
        return "neuron_ws_" + re.sub(r"[^a-z]+", "_", self.title.lower().replace("'s", "")).strip("_")

    @property
    def functions(self) -> list[str]:
        return re.findall(r"NEURON_WS_API[^;(]*?\b(neuron_ws_\w+)\(", self.text)


def sections() -> list[Section]:
    found = []
    for piece in re.split(r"/\* -{20,}\n", HEADER)[1:]:
        comment, text = piece.split("*/", 1)
        title, _, intro = uncommented("/*\n" + comment + "*/").partition("\n")
        found.append(Section(title.strip(), intro.strip("\n"), text))
    return found


def c_page(section: Section, others: list[Section]) -> str:
    text = section.text
    lines = heading(section.page, 3, section.title)
    lines += [".SH SYNOPSIS", ".nf", "#include <neuron_ws.h>", ""]
    functions = re.findall(r"NEURON_WS_API ([^;]*;)", text)
    lines += [roff(re.sub(r"\n +", " ", function)) for function in functions]
    lines += [".fi", ".SH DESCRIPTION"]
    if section.intro:
        lines += prose(section.intro)
    # A comment may stand for several functions.
    for comment, code in re.findall(rf"({COMMENT})\n((?:NEURON_WS_API [^;]*;\s*?\n)+)", text):
        names = re.findall(r"NEURON_WS_API[^;(]*?\b(neuron_ws_\w+)\(", code)
        lines += [f".SS {roff(', '.join(names))}", *prose(uncommented(comment))]
    pattern = rf"((?:{COMMENT}\n)?(?:typedef [^;]*?\{{.*?\n\}}[^;]*;|#define NEURON_WS_[^\n]*\n))"
    types = re.findall(pattern, text, re.S)
    if types:
        lines += [".SH TYPES AND NUMBERS", ".nf", roff("\n".join(part.strip("\n") for part in types)), ".fi"]
    lines += [".SH SEE ALSO", see_also(section.page, others)]
    return "\n".join(lines) + "\n"


def see_also(page: str, others: list[Section]) -> str:
    names = ["neuron_ws(3)", *[f"{other.page}(3)" for other in others], "neuron_ws_settings(5)", "neuron-ws(1)"]
    return roff(", ".join(name for name in names if name != f"{page}(3)"))


def overview(parts: list[Section]) -> str:
    first = HEADER[HEADER.index("/*"):HEADER.index("*/")]
    text = uncommented(first + "*/")
    about, rest = text.split("\n\n", 1)
    example, conventions = rest.split("CONVENTIONS\n", 1)
    lines = heading("neuron_ws", 3, "a WebSocket client node for industrial gateways")
    compiling = roff("cc … $(pkg-config --cflags --libs neuron_ws)")
    lines += [".SH SYNOPSIS", ".nf", "#include <neuron_ws.h>", "", compiling, ".fi"]
    lines += [".SH DESCRIPTION", *prose(about.split("\n", 1)[-1].strip() or about), *prose(example.strip("\n"))]
    lines += [".SH CONVENTIONS"]
    for word, meaning in re.findall(r"^([A-Z]\w+) +(.*\n?(?: {3,}.*\n?)*)", conventions.strip("\n"), re.M):
        lines += [".TP", f".B {word}", roff(re.sub(r"\s+", " ", meaning).strip())]
    lines += [".SH PAGES"]
    for part in parts:
        lines += [".TP", f".BR {roff(part.page)} (3)", roff(", ".join(part.functions) or part.title)]
    lines += [".SH SEE ALSO", roff("neuron_ws_settings(5), neuron-ws(1)")]
    return "\n".join(lines) + "\n"


def settings_page() -> str:
    readme = (ROOT / "README.md").read_text()
    table = readme[readme.index("<!-- settings -->"):readme.index("<!-- end of settings -->")]
    intro = readme[readme.index("## Settings\n") + len("## Settings\n"):readme.index("<!-- settings -->")]
    lines = heading("neuron_ws_settings", 5, "the settings of a neuron_ws node")
    lines += [".SH DESCRIPTION", *prose(intro.replace("`", "").strip()), ".SH SETTINGS"]
    for row in table.splitlines():
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
        # The head of the first column is "key", and so is a setting, which has its marks.
        if len(cells) == 4 and cells[0].startswith("`"):
            cells = [cell.replace("`", "") for cell in cells]
            key, takes, default, meaning = cells
            lines += [".TP", f".B {roff(key)}", roff(f"{meaning} Takes {takes}."), ".br"]
            lines += [roff("Must be given." if default == "required" else "Absent by default." if default == "–"
                           else f"Default: {default}.")]
    lines += [".SH SEE ALSO", roff("neuron_ws(3), neuron-ws(1)")]
    return "\n".join(lines) + "\n"


def tool_page(tool: list[str]) -> str:
    def help_of(*words: str) -> str:
        return subprocess.run([*tool, *words, "--help"], check=True, capture_output=True, text=True).stdout.rstrip()

    top = help_of()
    commands = re.findall(r"^  (\w+)  +", top, re.M)
    lines = heading("neuron-ws", 1, "talk to WebSocket servers as an industrial gateway does")
    lines += [".SH SYNOPSIS", ".B neuron\\-ws", ".I command", "…"]
    lines += [".SH COMMANDS", ".nf", roff(top.split("\n\n", 1)[1]), ".fi"]
    for command in commands:
        if command == "help":
            continue
        usage, _, rest = help_of(command).partition("\n\n")
        lines += [f".SS {command}", ".PP", f".B {roff(usage)}", ".PP", ".nf", roff(rest), ".fi"]
    lines += [".SH SEE ALSO", roff("neuron_ws_settings(5), neuron_ws(3)")]
    return "\n".join(lines) + "\n"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def main() -> None:
    man, completion, tool = Path(sys.argv[1]), Path(sys.argv[2]), [word for word in sys.argv[3:] if word]
    parts = sections()
    write(man / "man3/neuron_ws.3", overview(parts))
    for part in parts:
        write(man / f"man3/{part.page}.3", c_page(part, parts))
        for function in part.functions:
            write(man / f"man3/{function}.3", f".so man3/{part.page}.3\n")
    write(man / "man5/neuron_ws_settings.5", settings_page())
    if tool:
        write(man / "man1/neuron-ws.1", tool_page(tool))
        for shell, name in (("bash", "neuron-ws"), ("zsh", "_neuron-ws"), ("fish", "neuron-ws.fish")):
            made = subprocess.run([*tool, "completion", shell], check=True, capture_output=True, text=True).stdout
            write(completion / name, made)


if __name__ == "__main__":
    main()
