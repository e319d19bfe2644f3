"""What a capture form may ask, where it may lead and stand, and when it is open. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from alignment.kernel.errors import InvalidInput
from leads.rules.fields import Fields

LANGUAGES = ("ja", "en")
LONGEST_URL = 300
MOST_ORIGINS = 20
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,62})(?:\.[a-z0-9][a-z0-9-]{0,62})*")
_LOCAL = frozenset({"localhost", "127.0.0.1"})
_NO_URL = re.compile(r"[\s\x00-\x1f\x7f\\\"'<>`]")


class FormState(TextChoices):
    DRAFT = "draft", pgettext_lazy("capture form", "draft")
    SCHEDULED = "scheduled", pgettext_lazy("capture form", "not open yet")
    OPEN = "open", pgettext_lazy("capture form", "open")
    ENDED = "ended", pgettext_lazy("capture form", "over")
    CLOSED = "closed", pgettext_lazy("capture form", "closed")


class FormOutcome(TextChoices):
    """What a submission led to."""

    NEW_LEAD = "new_lead", gettext_lazy("new lead")
    KNOWN_LEAD = "known_lead", gettext_lazy("touch of a known lead")


@dataclass(frozen=True)
class Question:
    """A fact of ours that a form may ask. ``autocomplete``: how browsers know it, so that they fill it in."""

    label: str | Promise
    longest: int
    autocomplete: str = "off"
    input_type: str = "text"


QUESTIONS: dict[str, Question] = {
    "company_name": Question(gettext_lazy("Company"), 200, "organization"),
    "department": Question(gettext_lazy("Department"), 100),
    "job_title": Question(gettext_lazy("Job title"), 100, "organization-title"),
    "full_name": Question(gettext_lazy("Name"), 200, "name"),
    "full_name_kana": Question(gettext_lazy("Name in kana"), 200),
    "email": Question(gettext_lazy("E-mail address"), 254, "email", "email"),
    "phone": Question(gettext_lazy("Phone"), 30, "tel", "tel"),
    "industry": Question(gettext_lazy("Industry"), 100),
    "prefecture": Question(gettext_lazy("Prefecture"), 20, "address-level1"),
    "employee_count": Question(gettext_lazy("Employees"), 20),
    "note": Question(pgettext_lazy("capture form", "Message"), 2000, input_type="textarea"),
}
"""In the order in which a new form asks them."""
ALWAYS_ASKED = "email"
"""By it somebody who sends the form again is recognised, and a consent is somebody's."""


@dataclass(frozen=True)
class Asked:
    """One question of a form, in its place: a name of ``QUESTIONS``, or ``custom.`` and the key of an admins' field."""

    name: str
    required: bool


def state_of(
    *,
    published_at: datetime | None,
    closed_at: datetime | None,
    opens_on: date | None,
    closes_on: date | None,
    today: date,
) -> FormState:
    """Whether a form takes anything today; both of its days are included."""
    if published_at is None:
        return FormState.DRAFT
    if closed_at is not None:
        return FormState.CLOSED
    if opens_on and today < opens_on:
        return FormState.SCHEDULED
    return FormState.ENDED if closes_on and today > closes_on else FormState.OPEN


def check_questions(asked: list[Asked], *, fields: Fields) -> None:
    """Refuse questions that are not ours, asked twice, or without the e-mail address. ``fields``: those of admins."""
    names = [one.name for one in asked]
    known = QUESTIONS.keys() | {key for key, field in fields.items() if field.offered}
    if len(set(names)) != len(names) or set(names) - known:
        raise InvalidInput(_("A form asks each of our fields at most once."), field="fields")
    if Asked(ALWAYS_ASKED, required=True) not in asked:
        message = _("The e-mail address has to be required: by it a person who comes again is recognised.")
        raise InvalidInput(message, field="fields")


def still_asked(asked: list[Asked], *, fields: Fields) -> list[Asked]:
    """The questions that are asked now: an admins' field that is retired is not, whichever form names it."""
    return [one for one in asked if one.name in QUESTIONS or (one.name in fields and fields[one.name].offered)]


def https_address(text: str, *, field: str) -> str:
    """The address of a page elsewhere ("" stays ""); raises ``InvalidInput`` for anything but https."""
    address = text.strip()
    if not address:
        return ""
    parts = _split(address)
    if parts is None or parts[0] != "https" or len(address) > LONGEST_URL or _NO_URL.search(address):
        raise InvalidInput(_("Enter a whole address that begins with https://."), field=field)
    return address


def origins(text: str, *, field: str) -> list[str]:
    """The sites of a text, one a line, as browsers name them (https://www.example.com); without doubles, in order."""
    found = list(dict.fromkeys(_origin(line.strip(), field) for line in text.splitlines() if line.strip()))
    if len(found) > MOST_ORIGINS:
        raise InvalidInput(_("At most %(max)d sites.") % {"max": MOST_ORIGINS}, field=field)
    return found


def origin_of(address: str) -> str:
    """The site of a checked address, as browsers name it."""
    parts = _split(address)
    return f"{parts[0]}://{parts[1]}" if parts else ""


def page_of(address: str) -> str:
    """An address somebody came from, without what follows ? and # (it may name a person); "" for anything else."""
    parts = _split(address.strip())
    if parts is None or _NO_URL.search(address.strip()):
        return ""
    return f"{parts[0]}://{parts[1]}{parts[2]}"[:LONGEST_URL]


def _origin(line: str, field: str) -> str:
    parts = _split(line)
    is_safe = parts is not None and (parts[0] == "https" or parts[1].partition(":")[0] in _LOCAL)
    if parts is None or not is_safe:
        message = _("“%(line)s” is not a site. Write it such as https://www.example.com, one a line.")
        raise InvalidInput(message % {"line": line[:100]}, field=field)
    return f"{parts[0]}://{parts[1]}"


def _split(address: str) -> tuple[str, str, str] | None:
    """Scheme, host with port, and path of a web address; None where it is none, or names somebody (user@host)."""
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except (ValueError, UnicodeError):
        return None
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or not _HOST.fullmatch(host):
        return None
    return parts.scheme, host if port is None else f"{host}:{port}", parts.path
