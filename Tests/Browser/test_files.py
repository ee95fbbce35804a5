# SPDX-License-Identifier: Apache-2.0
"""The page's files: all of them are in the page, nothing in them is dead, and none of them makes HTML of a text."""

from __future__ import annotations

import re
from collections import Counter

import foreign

FOLDER = foreign.ROOT / "Sources/neuron-ws/Page"
FILES = sorted(file for file in FOLDER.rglob("*") if file.suffix in (".js", ".css", ".html"))
SCRIPTS = [file for file in FILES if file.suffix == ".js"]


def test_every_file_is_in_the_page_and_in_the_binary() -> None:
    html = (FOLDER / "index.html").read_text()
    binary = (foreign.ROOT / "Sources/CLivePage/page.c").read_text()
    for file in FILES:
        name = str(file.relative_to(FOLDER))
        assert file.name == "index.html" or re.search(rf'(?:src|href)="{re.escape(name)}"', html), name
        assert f'#embed "../neuron-ws/Page/{name}"' in binary and f'{{"{name}", ' in binary, name


def test_nothing_makes_html_or_code_of_a_text_or_loads_anything() -> None:
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|srcdoc|\bimport\b|@import|url\("
        r"|https?://|XMLHttpRequest|sendBeacon|EventSource|localStorage|sessionStorage|indexedDB|cookie")
    found = [f"{file.name}: {match}" for file in FILES for match in forbidden.findall(file.read_text())]
    assert found == []


def test_nothing_is_declared_that_nobody_names() -> None:
    text = "".join(file.read_text() for file in FILES)
    words = Counter(re.findall(r"\w+", text))
    declared = re.findall(
        r"^(?:class|function\*?|const|let) (\w+)|^  (?:static |async |get )*(\w+)\([^)]*\) \{|^  static (\w+) =",
        text, re.M)
    names = {name for group in declared for name in group if name} - {"constructor"}
    assert len(names) > 100
    assert sorted(name for name in names if words[name] == 1) == []


def test_every_id_and_class_that_is_used_is_there() -> None:
    html = (FOLDER / "index.html").read_text()
    ids = set(re.findall(r'\bid="([\w-]+)"', html))
    scripts = "".join(file.read_text() for file in SCRIPTS)
    assert set(re.findall(r'byId\("([\w-]+)"\)', scripts)) - ids == set()
    named = set(re.findall(r'(?:for|aria-controls|aria-labelledby)="([\w-]+)"', html))
    assert named - ids == set()
    styles = (FOLDER / "page.css").read_text()
    assert set(re.findall(r"#([a-z][\w-]+)[ ,.:{]", styles)) - ids == set()


def test_functions_are_no_longer_than_a_page() -> None:
    for file in SCRIPTS:
        begin = None
        for number, line in enumerate(file.read_text().splitlines()):
            if re.match(r"(?:function|  (?:static |async |get )*\w+\().*\{$", line):
                begin = number
            elif re.match(r"(?:  )?\}$", line) and begin is not None:
                assert number - begin < 70, f"{file.name}:{begin}"
                begin = None
