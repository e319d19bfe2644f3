"""What sales did, and how it ended: attempt and contact are different things. Pure."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from alignment.kernel.errors import InvalidInput


class ActivityKind(TextChoices):
    CALL = "call", _("call")
    MAIL = "mail", _("e-mail")
    MEETING = "meeting", _("meeting")
    DEMO = "demo", _("demo")
    NOTE = "note", _("note")


class Outcome(TextChoices):
    NO_ANSWER = "no_answer", _("no answer")
    MESSAGE_LEFT = "message_left", _("message left")
    SENT = "sent", _("sent, no reply yet")
    REPLIED = "replied", _("replied")
    SPOKE = "spoke", _("spoke with the person")
    MET = "met", pgettext_lazy("outcome", "met")
    DID_NOT_HAPPEN = "did_not_happen", _("did not take place")
    NONE = "none", _("noted")


OUTCOMES: dict[ActivityKind, tuple[Outcome, ...]] = {
    ActivityKind.CALL: (Outcome.SPOKE, Outcome.NO_ANSWER, Outcome.MESSAGE_LEFT),
    ActivityKind.MAIL: (Outcome.SENT, Outcome.REPLIED),
    ActivityKind.MEETING: (Outcome.MET, Outcome.DID_NOT_HAPPEN),
    ActivityKind.DEMO: (Outcome.MET, Outcome.DID_NOT_HAPPEN),
    ActivityKind.NOTE: (Outcome.NONE,),
}
CONTACTS = frozenset({Outcome.REPLIED, Outcome.SPOKE, Outcome.MET})
"""Outcomes in which a human was reached."""
ATTEMPT_KINDS = frozenset({ActivityKind.CALL, ActivityKind.MAIL, ActivityKind.MEETING, ActivityKind.DEMO})


def check_outcome(*, kind: str, outcome: str) -> Outcome:
    """The outcome, if it fits the kind of activity; ``InvalidInput`` otherwise."""
    if kind not in ActivityKind.values:
        raise InvalidInput(_("Choose what was done."), field="kind")
    options = OUTCOMES[ActivityKind(kind)]
    if outcome not in options:
        raise InvalidInput(_("Choose an outcome that fits what was done."), field="outcome")
    return Outcome(outcome)


def is_attempt(kind: str) -> bool:
    """True where the activity tried to reach the person."""
    return kind in ATTEMPT_KINDS


def is_contact(outcome: str) -> bool:
    """True where a human was reached."""
    return outcome in CONTACTS
