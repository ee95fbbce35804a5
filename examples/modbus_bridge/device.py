# SPDX-License-Identifier: Apache-2.0
"""A device as tags: which of its bits and registers they are, and what these mean."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Union

from modbus import BITS_MAX, REGISTERS_MAX, Client, Refused

Value = Union[bool, int, float]

# The gateway's codes.
READ_FAILURE = 3000
WRITE_FAILURE = 3001
DISCONNECTED = 3002

# How the registers of a tag, high byte first, high word first, become a number.
LAYOUTS = {"INT16": ">h", "UINT16": ">H", "INT32": ">i", "UINT32": ">I", "FLOAT": ">f"}
# The areas, with the function of Modbus that reads them.
BITS = {"coil": 1, "discrete": 2}
REGISTERS = {"holding": 3, "input": 4}


@dataclass(frozen=True)
class Tag:
    """A coil, a discrete input, or one or two registers; ``scale`` is what a raw number is multiplied by."""

    name: str
    area: str
    address: int
    type: str
    scale: float = 1

    def __post_init__(self) -> None:
        if self.area in BITS and self.type != "BOOL":
            raise ValueError(f"tag {self.name!r}: an area of bits has the type BOOL, not {self.type!r}")
        if self.area in REGISTERS and self.type not in LAYOUTS:
            raise ValueError(f"tag {self.name!r}: the type is {self.type!r}; expected one of {', '.join(LAYOUTS)}")
        if self.area not in (*BITS, *REGISTERS):
            expected = ", ".join((*BITS, *REGISTERS))
            raise ValueError(f"tag {self.name!r}: the area is {self.area!r}; expected one of {expected}")
        if not 0 <= self.address <= 65536 - self.count:
            raise ValueError(f"tag {self.name!r}: the address is {self.address}; expected 0 to {65536 - self.count}")
        if not self.scale:
            raise ValueError(f"tag {self.name!r}: the scale is 0")

    @property
    def count(self) -> int:
        """Bits or registers."""
        return struct.calcsize(LAYOUTS[self.type]) // 2 if self.type in LAYOUTS else 1

    def value(self, words: Sequence[int]) -> Value:
        """Its value of its bit or registers."""
        if self.area in BITS:
            return bool(words[0])
        number: Value
        (number,) = struct.unpack(LAYOUTS[self.type], struct.pack(f">{len(words)}H", *words))
        # Seventeen digits would show how 0.1 is no binary number.
        return number if self.scale == 1 else round(number * self.scale, 9)

    def words(self, value: Value) -> list[int]:
        """The registers of a value. ValueError for one that does not fit."""
        number = value if self.scale == 1 else value / self.scale
        try:
            packed = struct.pack(LAYOUTS[self.type], number if self.type == "FLOAT" else round(number))
        except (struct.error, TypeError, OverflowError) as error:
            raise ValueError(f"{value!r} does not fit into {self.type}: {error}") from None
        return list(struct.unpack(f">{self.count}H", packed))


def runs(tags: Sequence[Tag]) -> list[list[Tag]]:
    """The tags that one request reads: of one area, without a gap between them, as many as Modbus allows."""
    result: list[list[Tag]] = []
    for tag in sorted(tags, key=lambda one: (one.area, one.address)):
        last = result[-1] if result else []
        most = BITS_MAX if tag.area in BITS else REGISTERS_MAX
        if (
            last
            and last[0].area == tag.area
            and tag.address <= last[-1].address + last[-1].count
            and tag.address + tag.count - last[0].address <= most
        ):
            last.append(tag)
        else:
            result.append([tag])
    return result


class Device:
    """One device: values in, values out, and the gateway's codes for what went wrong."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def read(self, tags: Sequence[Tag]) -> tuple[dict[str, Value], dict[str, int]]:
        """The values of the tags, and the codes of those that could not be read."""
        values: dict[str, Value] = {}
        errors: dict[str, int] = {}
        for run in runs(tags):
            first, last = run[0], run[-1]
            count = last.address + last.count - first.address
            try:
                if first.area in BITS:
                    words: Sequence[int] = await self._client.read_bits(BITS[first.area], first.address, count)
                else:
                    words = await self._client.read_registers(REGISTERS[first.area], first.address, count)
            except OSError as error:
                errors.update((tag.name, _code(error, READ_FAILURE)) for tag in run)
                continue
            for tag in run:
                at = tag.address - first.address
                values[tag.name] = tag.value(words[at : at + tag.count])
        return values, errors

    async def write(self, tag: Tag, value: Value) -> int:
        """Writes a coil or holding registers; 0, or the gateway's code. ValueError for what does not fit."""
        if tag.area not in ("coil", "holding"):
            raise ValueError(f"tag {tag.name!r} is of the area {tag.area}, which cannot be written")
        try:
            if tag.area == "coil":
                await self._client.write_coil(tag.address, bool(value))
            else:
                await self._client.write_registers(tag.address, tag.words(value))
        except OSError as error:
            return _code(error, WRITE_FAILURE)
        return 0

    def close(self) -> None:
        self._client.close()


def _code(error: OSError, refused: int) -> int:
    return refused if isinstance(error, Refused) else DISCONNECTED
