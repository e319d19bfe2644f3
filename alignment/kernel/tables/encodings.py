"""Which encodings a text can be in: the whole file is decoded in each, and nothing in it is ever replaced."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from alignment.kernel.errors import InvalidInput
from alignment.kernel.tables.limits import MB
from alignment.kernel.tables.reading import Binary, Certainty

_PIECE = MB
_SAMPLE = 64 * 1024
_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_NULS_OF_UTF32 = re.compile(rb"\x00{3}[^\x00]|[^\x00]\x00{3}")
UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SEPARATORS = b",;\t\r\n"
_ENOUGH = 10
"""So many characters beyond ASCII in a row that happen to be sound UTF-8 are no accident."""
_CLEARLY = 0.25
_NO_CHARACTER = re.compile("[\uf8f0-\uf8f3]")


@dataclass(frozen=True)
class Found:
    """The encodings in which the whole file can be read, the best first, and how sure that one is."""

    names: tuple[str, ...]
    certainty: Certainty
    nul_line: int = 0
    """The first line with a NUL byte that is no part of a character, 0 for none."""


def codec(encoding: str) -> str:
    """The codec that reads ``encoding``; that of UTF-8 leaves a mark at the beginning out."""
    return "utf-8-sig" if encoding == "utf-8" else encoding


def find(file: Binary) -> Found:
    """Judge a whole file, read once in pieces. Raises ``InvalidInput`` with line and byte where nothing fits."""
    head = _head(file)
    if head.startswith(_UTF32) or _NULS_OF_UTF32.match(head):
        message = _("This text is in UTF-32, which is not read here. Save it as UTF-8 and try again.")
        raise InvalidInput(message, field="encoding")
    for marks, name in (((codecs.BOM_UTF8,), "utf-8-sig"), (UTF16_MARKS, "utf-16")):
        if head.startswith(marks):
            scan = check(file, name)
            return Found((name,), "certain", 0 if name == "utf-16" else scan.nul_line)
    if b"\x00" in head:
        wide = [name for name in ("utf-16-le", "utf-16-be") if _is_table(head, name)]
        if wide:
            check(file, wide[0])
            return Found(tuple(wide), "certain" if len(wide) == 1 else "ask")
        if head.count(b"\x00") > len(head) // 4:
            raise InvalidInput(_("This is no text file. Save the table as CSV and try again."), field="file")
    return _judged(_scan(file, ("utf-8", "cp932", "euc_jp")))


def check(file: Binary, encoding: str) -> _Scan:
    """Refuse a file that is not wholly in ``encoding``, with line and byte of what is not."""
    scan = _scan(file, (encoding,))
    if not scan.fitting:
        raise scan.candidates[0].refusal()
    return scan


@dataclass
class _Candidate:
    """One encoding, tried on piece after piece until something does not fit."""

    name: str
    fault: tuple[int, int] | None = None
    """Line and byte of the first thing that does not fit."""

    def __post_init__(self) -> None:
        self.decoder = codecs.getincrementaldecoder(codec(self.name))()
        self.is_wide = self.name.startswith("utf-16")

    def take(self, piece: bytes, *, before: int, lines: int) -> None:
        """Decode the piece that follows ``before`` bytes and begins on line ``lines``."""
        held = self.decoder.getstate()[0]  # the beginning of a character that the piece before ended in
        if not held and not self.is_wide and before and piece.isascii():
            return
        try:
            text = self.decoder.decode(piece, final=not piece)
            start = self._no_character(text)
        except UnicodeDecodeError as error:
            start = error.start
        if start is not None:
            line = lines + (held + piece).count(b"\n", len(held), start)
            self.fault = line, before - len(held) + start

    def _no_character(self, text: str) -> int | None:
        """The first byte that is no character in CP932, though Python's codec has a private one for it."""
        found = _NO_CHARACTER.search(text) if self.name == "cp932" else None
        return len(text[: found.start()].encode("cp932")) if found else None

    def refusal(self) -> InvalidInput:
        line, byte = self.fault or (0, 0)
        message = _("Line %(line)d (byte %(byte)d) is not text in %(encoding)s. Name the file's encoding.")
        return InvalidInput(message % {"line": line, "byte": byte, "encoding": self.name}, field="encoding")


@dataclass
class _Scan:
    """What one pass over a file has shown."""

    candidates: list[_Candidate]
    sample: bytes = b""
    """Text from the first line with something beyond ASCII on."""
    nul_line: int = 0
    lines: int = 1

    @property
    def fitting(self) -> list[str]:
        return [candidate.name for candidate in self.candidates if candidate.fault is None]

    def take(self, piece: bytes, *, before: int) -> None:
        for candidate in self.candidates:
            if candidate.fault is None:
                candidate.take(piece, before=before, lines=self.lines)
        if not self.sample and not piece.isascii():
            beyond = next(place for place, byte in enumerate(piece) if byte > 127)
            line = piece.rfind(b"\n", 0, beyond) + 1
            self.sample = piece[line : line + _SAMPLE]
        if not self.nul_line and b"\x00" in piece:
            self.nul_line = self.lines + piece.count(b"\n", 0, piece.index(b"\x00"))
        self.lines += piece.count(b"\n")


def _scan(file: Binary, encodings: tuple[str, ...]) -> _Scan:
    scan, before = _Scan([_Candidate(name) for name in encodings]), 0
    for piece in _pieces(file):
        scan.take(piece, before=before)
        before += len(piece)
        if not scan.fitting:
            break
    return scan


def _pieces(file: Binary) -> Iterator[bytes]:
    """The whole file piece by piece, and an empty piece at its end."""
    file.seek(0)
    piece = b"anything"
    while piece:
        piece = file.read(_PIECE)
        yield piece


def _head(file: Binary) -> bytes:
    file.seek(0)
    return file.read(_SAMPLE)


def _is_table(head: bytes, encoding: str) -> bool:
    """Whether these bytes with NULs among them are UTF-16 without its mark, and not another text with stray NULs.

    It is where most bytes that could end a cell or a line do so in this reading, too.
    """
    text = head[: len(head) // 2 * 2].decode(encoding, errors="ignore")
    ends = sum(text.count(chr(byte)) for byte in _SEPARATORS)
    return "\x00" not in text and 2 * ends > sum(head.count(byte) for byte in _SEPARATORS)


def _judged(scan: _Scan) -> Found:
    """Choose among those that fit: sound UTF-8 first, then by what the text looks like."""
    fitting = scan.fitting
    if not fitting:
        raise max(scan.candidates, key=lambda candidate: candidate.fault or (0, 0)).refusal()
    if "utf-8" not in fitting and _beyond_ascii(scan.sample) >= _ENOUGH:
        raise scan.candidates[0].refusal()  # UTF-8 with a fault, which CP932 may well read as garbage
    if not scan.sample:
        return Found(("utf-8",), "certain", scan.nul_line)  # ASCII is the same in all
    if "utf-8" in fitting:
        sure = len(fitting) == 1 or _beyond_ascii(scan.sample) >= _ENOUGH
        return Found(tuple(fitting), "certain" if sure else "likely", scan.nul_line)
    scores = {name: _likeness(scan.sample.decode(name, errors="ignore")) for name in fitting}
    ranked = sorted(fitting, key=scores.__getitem__, reverse=True)
    if len(ranked) == 1:
        return Found(tuple(ranked), "certain", scan.nul_line)
    clearly = scores[ranked[0]] - scores[ranked[1]] >= _CLEARLY
    return Found(tuple(ranked), "likely" if clearly else "ask", scan.nul_line)


def _beyond_ascii(sample: bytes) -> int:
    """How many characters beyond ASCII can be read as UTF-8 before the first that cannot."""
    try:
        text = sample.decode()
    except UnicodeDecodeError as error:
        text = sample[: error.start].decode()
    return sum(char > "\x7f" for char in text)


def _likeness(text: str) -> float:
    """How much the characters beyond ASCII look like Japanese as it is written, from 0 to 1."""
    beyond = Counter(char for char in text if char > "\x7f")
    return sum(_weight(char) * count for char, count in beyond.items()) / max(1, beyond.total())


def _weight(char: str) -> float:
    """Kana and everyday kanji count in full, rare kanji little; half-width kana are what garbage looks like, too."""
    if "\u3000" <= char <= "\u30ff" or "\uff01" <= char <= "\uff60":
        return 1.0
    if "\uff61" <= char <= "\uff65":  # half-width punctuation is the first half of most kana in EUC-JP
        return 0.2
    if "\uff66" <= char <= "\uff9f":
        return 0.5
    if "\u4e00" <= char <= "\u9fff":
        return 1.0 if b"\xb0" <= char.encode("euc_jp", errors="ignore")[:1] < b"\xd0" else 0.3
    return 0.0
