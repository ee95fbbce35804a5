# SPDX-License-Identifier: Apache-2.0
"""What the Swift compiler knows of declarations and their uses: the index that each debug build leaves."""

from __future__ import annotations

import ctypes
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable

# Of indexstore.h: roles of an occurrence, kinds and subkinds of a symbol.
DEFINITION, REFERENCE, READ, WRITE, IMPLICIT = 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 8
OVERRIDE_OF, CALLED_BY, ACCESSOR_OF, CONTAINED_BY = 1 << 11, 1 << 13, 1 << 15, 1 << 16
CONSTRUCTOR = 22
# Types and aliases, functions, variables, cases, methods, properties, initializers: no modules, parameters, extensions.
DECLARATIONS = {5, 6, 7, 8, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, CONSTRUCTOR}
# None, operators, subscripts, associated types: no accessors.
PLAIN = {0, 1008, 1009, 1010, 1011, 1012}
RECORD = 2


class Text(ctypes.Structure):
    """So many bytes, with no zero behind them."""

    _fields_ = [("start", ctypes.c_void_p), ("length", ctypes.c_size_t)]

    def __str__(self) -> str:
        return ctypes.string_at(self.start, self.length).decode() if self.length else ""


Each = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_void_p)
EachText = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, Text)


@dataclass
class Declaration:
    name: str
    # Files, relative to the root, and lines.
    places: set[tuple[str, int]] = field(default_factory=set)
    # Files that name it, but for what only writes a property, and for what stands in its own body.
    uses: set[str] = field(default_factory=set)
    # It fulfils what a protocol asks for, or is what one asks for and somebody has.
    is_asked_for: bool = False


class SwiftIndex:
    """All declarations of the files below `root`."""

    def __init__(self, store: Path, root: Path) -> None:
        swiftc = shutil.which("swiftc")
        assert swiftc, "no swiftc on PATH"
        self._library = ctypes.CDLL(str(Path(swiftc).resolve().parents[1] / "lib/libIndexStore.so"))
        self._root = root.resolve()
        self.declarations: dict[str, Declaration] = {}
        # When each file was indexed, nanoseconds.
        self.indexed_at: dict[str, int] = {}
        # Of each accessor, whose it is; of each use, what is used, where, and in whose body.
        self._owners: dict[str, str] = {}
        self._uses: list[tuple[str, str, set[str]]] = []
        error = ctypes.c_void_p()
        self._store = self._pointer("store_create", str(store).encode(), ctypes.byref(error))
        assert self._store, f"{store} is no index"
        units: list[str] = []
        take = EachText(lambda _, name: bool(units.append(str(name)) or True))
        self._library.indexstore_store_units_apply_f(self._store, ctypes.c_uint(0), None, take)
        for unit in units:
            self._read_unit(unit)
        for used, file, users in self._uses:
            if used not in {self._owners.get(user, user) for user in users}:
                self.declarations[used].uses.add(file)

    def stale(self) -> list[str]:
        """Sources that the index does not know as they are: changed since, or new."""
        found = []
        # Each target is a folder.
        folders = {Path(*Path(file).parts[:2]) for file in self.indexed_at if file.startswith(("Sources/", "Tests/"))}
        for folder in sorted(folders):
            for path in sorted((self._root / folder).rglob("*.swift")):
                file = str(path.relative_to(self._root))
                if self.indexed_at.get(file, 0) < path.stat().st_mtime_ns:
                    found.append(file)
        return found

    def _pointer(self, name: str, *given: Any) -> ctypes.c_void_p:
        call = getattr(self._library, "indexstore_" + name)
        call.restype = ctypes.c_void_p
        return ctypes.c_void_p(call(*given))

    def _text(self, name: str, of: ctypes.c_void_p) -> str:
        call = getattr(self._library, "indexstore_" + name)
        call.restype = Text
        return str(call(of))

    def _number(self, name: str, of: ctypes.c_void_p, kind: Any = ctypes.c_int) -> int:
        call = getattr(self._library, "indexstore_" + name)
        call.restype = kind
        return int(call(of))

    def _each(self, name: str, of: ctypes.c_void_p, body: Callable[[ctypes.c_void_p], None]) -> None:
        call = Each(lambda _, one: bool(body(ctypes.c_void_p(one)) or True))
        getattr(self._library, "indexstore_" + name)(of, None, call)

    def _read_unit(self, unit: str) -> None:
        """A file as it was compiled last; of one that is gone the unit stays behind."""
        error = ctypes.c_void_p()
        reader = self._pointer("unit_reader_create", self._store, unit.encode(), ctypes.byref(error))
        told = self._text("unit_reader_get_main_file", reader) if reader else ""
        # The compiler names it as the build was called, perhaps by way of a link.
        main = Path(told).resolve()
        if main.is_file() and main.is_relative_to(self._root):
            records = []
            file = str(main.relative_to(self._root))
            self.indexed_at[file] = max(self.indexed_at.get(file, 0), self._modified(unit))

            def dependency(one: ctypes.c_void_p) -> None:
                if self._number("unit_dependency_get_kind", one) == RECORD \
                        and self._text("unit_dependency_get_filepath", one) == told:
                    records.append(self._text("unit_dependency_get_name", one))

            self._each("unit_reader_dependencies_apply_f", reader, dependency)
            for record in records:
                self._read_record(record, file)
        if reader:
            self._library.indexstore_unit_reader_dispose(reader)

    def _modified(self, unit: str) -> int:
        seconds, nanoseconds, error = ctypes.c_int64(), ctypes.c_int64(), ctypes.c_void_p()
        self._library.indexstore_store_get_unit_modification_time(
            self._store, unit.encode(), ctypes.byref(seconds), ctypes.byref(nanoseconds), ctypes.byref(error))
        return seconds.value * 1_000_000_000 + nanoseconds.value

    def _read_record(self, record: str, file: str) -> None:
        error = ctypes.c_void_p()
        reader = self._pointer("record_reader_create", self._store, record.encode(), ctypes.byref(error))
        assert reader, f"the index lacks {record}"
        # A symbol is one object while its record is read.
        self._usrs: dict[int | None, str] = {}
        self._each("record_reader_occurrences_apply_f", reader, lambda one: self._read_occurrence(one, file))
        self._library.indexstore_record_reader_dispose(reader)

    def _read_occurrence(self, occurrence: ctypes.c_void_p, file: str) -> None:
        symbol = self._pointer("occurrence_get_symbol", occurrence)
        kind = self._number("symbol_get_kind", symbol)
        if kind not in DECLARATIONS:
            return
        roles = self._number("occurrence_get_roles", occurrence, ctypes.c_uint64)
        if self._number("symbol_get_subkind", symbol) not in PLAIN:
            if roles & DEFINITION:
                for owner in self._related(occurrence, ACCESSOR_OF):
                    self._owners[self._usr(symbol)] = self._usr(owner)
            return
        declaration = self._declaration(symbol)
        if roles & DEFINITION and not (kind == CONSTRUCTOR and roles & IMPLICIT):
            line, column = ctypes.c_uint(), ctypes.c_uint()
            self._library.indexstore_occurrence_get_line_col(occurrence, ctypes.byref(line), ctypes.byref(column))
            declaration.places.add((file, line.value))
        # What is written and read at once may be used by whoever does that.
        if roles & REFERENCE and roles & (READ | WRITE) != WRITE:
            users = {self._usr(user) for user in self._related(occurrence, CALLED_BY | CONTAINED_BY)}
            self._uses.append((self._usr(symbol), file, users))
        if roles & OVERRIDE_OF:
            declaration.is_asked_for = True
            for one in self._related(occurrence, OVERRIDE_OF):
                self._declaration(one).is_asked_for = True

    def _related(self, occurrence: ctypes.c_void_p, roles: int) -> list[ctypes.c_void_p]:
        """The symbols to which the occurrence has one of these relations."""
        found = []

        def relation(one: ctypes.c_void_p) -> None:
            if self._number("symbol_relation_get_roles", one, ctypes.c_uint64) & roles:
                found.append(self._pointer("symbol_relation_get_symbol", one))

        self._each("occurrence_relations_apply_f", occurrence, relation)
        return found

    def _usr(self, symbol: ctypes.c_void_p) -> str:
        """The name by which the compiler tells symbols apart."""
        if symbol.value not in self._usrs:
            self._usrs[symbol.value] = self._text("symbol_get_usr", symbol)
        return self._usrs[symbol.value]

    def _declaration(self, symbol: ctypes.c_void_p) -> Declaration:
        name = self._usr(symbol)
        if name not in self.declarations:
            self.declarations[name] = Declaration(self._text("symbol_get_name", symbol))
        return self.declarations[name]
