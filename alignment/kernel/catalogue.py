"""The catalogues of texts: collected, merged, checked and compiled in pure Python, because GNU gettext may be absent.

The English texts in code and templates are the message ids; ``alignment/locale/<language>`` holds what is shown.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

SOURCES = ("alignment", "leads", "handoff", "reviews", "templates")
SKIPPED_FOLDERS = frozenset({"migrations", "locale", "local", "__pycache__"})
TEXT_SUFFIXES = frozenset({".html", ".txt"})

_KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


def path_of(language: str) -> Path:
    """Return the .po file of ``language``."""
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "django.po"


def languages() -> list[str]:
    """Return the languages that have a catalogue."""
    return [code for code, _name in settings.LANGUAGES]


def collect(root: Path | None = None) -> Catalog:
    """Gather every translatable text of the code and the templates below ``root``."""
    root = root or Path(settings.BASE_DIR)
    catalog = Catalog(charset="utf-8")
    for path in _files(root):
        name = path.relative_to(root).as_posix()
        for line, message, comments, context in _messages(path):
            catalog.add(message, None, [(name, line)], auto_comments=comments, context=context)
    return catalog


def load(language: str) -> Catalog:
    """Read the catalogue of ``language``, empty where there is none yet."""
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=language, domain="django")
    with path.open("rb") as file:
        return read_po(file, locale=language, domain="django", abort_invalid=True)


def merge(language: str, template: Catalog) -> bool:
    """Bring the catalogue of ``language`` up to date and keep what is translated; True where the file changed."""
    kept = {(message.context, message.id): message for message in load(language) if message.id}
    merged = Catalog(locale=language, domain="django", fuzzy=False)
    for message in template:
        if not message.id:
            continue
        known = kept.get((message.context, message.id))
        merged.add(
            message.id,
            known.string if known else None,
            [(name, 0) for name in sorted({name for name, _line in message.locations})],
            flags=known.flags if known else (),
            auto_comments=message.auto_comments,
            user_comments=known.user_comments if known else (),
            context=message.context,
        )
    return _replace(path_of(language), _as_po(merged))


def faults(language: str, template: Catalog) -> list[str]:
    """Say what is wrong with the catalogue of ``language``: missing, empty, fuzzy, outdated or ill-formed entries."""
    catalog = load(language)
    wanted = {(message.context, message.id): message for message in template if message.id}
    found = {(message.context, message.id): message for message in catalog if message.id}
    missing = [f"missing: {_shown(wanted[key])}" for key in wanted.keys() - found.keys()]
    unused = [f"no longer in the code: {_shown(found[key])}" for key in found.keys() - wanted.keys()]
    wrong = [fault for key in wanted.keys() & found.keys() for fault in _faults_of(found[key], catalog, language)]
    return sorted(missing + unused + wrong)


def compile_all(*, force: bool = False) -> list[Path]:
    """Write the .mo file of each language whose .po file is newer; returns what was written."""
    return [path for language in languages() if (path := _compile(path_of(language), force=force))]


# Without dates and names, so that the file changes only where a text does.
_HEADER = """msgid ""
msgstr ""
"Language: {language}\\n"
"Plural-Forms: {plural_forms}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def _files(root: Path) -> Iterator[Path]:
    for source in SOURCES:
        for path in sorted((root / source).rglob("*")):
            if SKIPPED_FOLDERS.isdisjoint(path.relative_to(root).parts) and _is_text(path):
                yield path


def _is_text(path: Path) -> bool:
    return path.suffix == ".py" or (path.suffix in TEXT_SUFFIXES and "templates" in path.parts)


def _messages(path: Path) -> Iterator[tuple[int, str | tuple[str, ...], list[str], str | None]]:
    text = path.read_text(encoding="utf-8")
    first_line = 0
    if path.suffix != ".py":
        # Inside brackets Python's tokenizer does not care about the indentation of a template.
        text, first_line = f"(\n{templatize(text, origin=str(path))}\n)", 1
    source = BytesIO(text.encode("utf-8"))
    for line, message, comments, context in extract("python", source, _KEYWORDS, ["Translators:"]):
        yield line - first_line, message, comments, context


def _as_po(catalog: Catalog) -> bytes:
    buffer = BytesIO()
    write_po(buffer, catalog, width=0, sort_output=True, include_lineno=False, omit_header=True)
    header = _HEADER.format(language=catalog.locale_identifier, plural_forms=catalog.plural_forms)
    return header.encode() + buffer.getvalue()


def _replace(path: Path, content: bytes) -> bool:
    """Write ``content`` at once or not at all, so that a reader never sees half a file."""
    if path.exists() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".new", delete=False) as file:
        file.write(content)
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)
    return True


def _compile(source: Path, *, force: bool) -> Path | None:
    target = source.with_suffix(".mo")
    if not source.exists():
        return None
    if not force and target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
        return None
    with source.open("rb") as file:
        catalog = read_po(file)
    buffer = BytesIO()
    write_mo(buffer, catalog)
    _replace(target, buffer.getvalue())
    os.utime(target)
    return target


def _faults_of(message: Message, catalog: Catalog, language: str) -> Iterator[str]:
    if message.fuzzy:
        yield f"fuzzy: {_shown(message)}"
    strings = message.string if isinstance(message.string, tuple) else (message.string,)
    if not all(strings):
        if not language.startswith("en"):  # English is shown as it stands in the code
            yield f"empty: {_shown(message)}"
        return
    for error in _as_checked(message, catalog).check(catalog):
        yield f"{error}: {_shown(message)}"


def _as_checked(message: Message, catalog: Catalog) -> Message:
    """The message, or its plural alone where a language has one form for every count ("once" would miss the count)."""
    if isinstance(message.id, tuple) and isinstance(message.string, tuple) and catalog.num_plurals == 1:
        return Message(message.id[1], message.string[0], flags=message.flags, context=message.context)
    return message


def _shown(message: Message) -> str:
    text = message.id if isinstance(message.id, str) else message.id[0]
    context = f" [{message.context}]" if message.context else ""
    places = ", ".join(name for name, _line in message.locations[:2])
    return f"“{text}”{context}" + (f" ({places})" if places else "")
