# SPDX-License-Identifier: Apache-2.0
"""What a program has written to a terminal, as a picture."""

from __future__ import annotations

import re
from html import escape

# Select Graphic Rendition (ECMA-48 §8.3.117): the colours that the tool uses.
COLOURS = {"31": "#ff8f84", "32": "#57c793", "33": "#e0ae4f", "34": "#7db4ff", "36": "#5ab8d8", "90": "#93a1af"}
GROUND, INK, FRAME, PROMPT = "#151b22", "#e2e8ee", "#27313b", "#57c793"
WIDTH, HEIGHT, MARGIN = 7.8, 19, 18

Cell = tuple[str, str]


def lines_of(shown: str, columns: int) -> list[list[Cell]]:
    """The screen's lines, as characters with their look: "1;31" and the like."""
    screen: list[list[Cell]] = [[]]
    row = column = 0
    look = ""
    for token in re.findall(r"\x1b\[[\d;?]*[A-Za-z]|[\s\S]", shown):
        if token.endswith("m") and len(token) > 1:
            look = token[2:-1] if token[2:-1] not in ("", "0") else ""
        elif token.endswith("K") and len(token) > 1:
            screen[row] = screen[row][:column] if token[2:-1] in ("", "0") else []
        elif len(token) > 1:
            continue
        elif token == "\r":
            column = 0
        else:
            if token == "\n" or column == columns:
                row, column = row + 1, 0
                screen += [[] for _ in range(row + 1 - len(screen))]
            if token != "\n":
                line = screen[row]
                line += [(" ", "")] * (column + 1 - len(line))
                line[column] = (token, look)
                column += 1
    return screen


def svg(command: str, shown: str, columns: int) -> str:
    """The command behind a prompt, and what it has shown."""
    prompt: list[Cell] = [("$", "32"), (" ", ""), *((character, "1") for character in command)]
    lines = [prompt, *lines_of(shown.rstrip(), columns)]
    wide = columns * WIDTH + 2 * MARGIN
    high = len(lines) * HEIGHT + 2 * MARGIN - 4
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {high:.0f}" width="{wide:.0f}"'
        f' height="{high:.0f}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13">',
        f"<title>{escape(command)}</title>",
        f'<rect x=".5" y=".5" width="{wide - 1:.0f}" height="{high - 1:.0f}" rx="9" fill="{GROUND}" stroke="{FRAME}"/>',
    ]
    for number, line in enumerate(lines):
        parts += pieces(line, MARGIN + 10 + number * HEIGHT)
    return "\n".join([*parts, "</svg>"]) + "\n"


def pieces(line: list[Cell], y: int) -> list[str]:
    """One element for each run of one look; its length is given, so that any font keeps the columns."""
    found = []
    text = "".join(character for character, _ in line)
    for match in re.finditer(r"\S+(?: \S+)*", text):
        start = match.start()
        while start < match.end():
            look = line[start][1]
            end = start + 1
            while end < match.end() and line[end][1] == look:
                end += 1
            codes = look.split(";")
            colour = next((COLOURS[code] for code in codes if code in COLOURS), INK)
            weight = ' font-weight="600"' if "1" in codes else ""
            faint = ' opacity=".65"' if "2" in codes else ""
            run = text[start:end]
            found.append(
                f'<text x="{MARGIN + start * WIDTH:.1f}" y="{y}" textLength="{len(run) * WIDTH:.1f}"'
                f' xml:space="preserve" fill="{colour}"{weight}{faint}>{escape(run)}</text>')
            start = end
    return found
