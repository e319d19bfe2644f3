"""What the database and the mailbox say of the accepts, against what the programs were told (Jepsen's total-queue)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from alignment.outbox.models import Notice
from handoff.models import Clock, Handoff, HandoffEvent
from leads.models import LeadEvent
from tests.fault.accepting import Attempt
from tests.fault.mailbox import Mailbox

EFFECTS = ("status", "event", "lead", "lead event", "clock met", "clock started", "notice")


@dataclass
class Ledger:
    """Handoffs by what happened to them; the four numbers that must be nothing come first."""

    lost: list[int] = field(default_factory=list)
    unexpected: list[int] = field(default_factory=list)
    doubled: list[int] = field(default_factory=list)
    half: list[int] = field(default_factory=list)
    answered: int = 0
    recovered: int = 0
    unsent: int = 0
    sent_again: int = 0

    def check(self) -> None:
        """Fail unless all that was promised is there, once and whole."""
        assert (self.lost, self.unexpected, self.doubled, self.half) == ([], [], [], []), self.as_text()

    def as_text(self) -> str:
        """The figures in one line."""
        return (
            f"answered {self.answered}, lost {len(self.lost)}, unexpected {len(self.unexpected)}, "
            f"duplicate effects {len(self.doubled)}, half {len(self.half)}, unanswered but done {self.recovered}, "
            f"notices unsent {self.unsent}, duplicates sent {self.sent_again}"
        )


def effects(handoffs: Sequence[int]) -> dict[int, Counter[str]]:
    """How often each effect of an accept is there, per handoff."""
    found: dict[int, Counter[str]] = {pk: Counter() for pk in handoffs}
    accepted = Handoff.objects.filter(pk__in=handoffs, status="accepted")
    running = Clock.objects.filter(handoff__in=handoffs)
    lead_events = LeadEvent.objects.filter(new_stage="with_sales", data__handoff__in=list(handoffs))
    columns = {
        "status": accepted.values_list("pk", flat=True),
        "event": HandoffEvent.objects.filter(handoff__in=handoffs, action="accept").values_list("handoff", flat=True),
        "lead": Handoff.objects.filter(pk__in=handoffs, lead__stage="with_sales").values_list("pk", flat=True),
        "lead event": (data["handoff"] for data in lead_events.values_list("data", flat=True)),
        "clock met": running.filter(duty="decide", met_at__isnull=False).values_list("handoff", flat=True),
        "clock started": running.filter(duty="first_attempt").values_list("handoff", flat=True),
        "notice": _told(handoffs),
    }
    for effect, pks in columns.items():
        for pk in pks:
            found[pk][effect] += 1
    return found


def compare(attempts: Iterable[Attempt], handoffs: Sequence[int], mailbox: Mailbox) -> Ledger:
    """Hold what the programs were told against what is there."""
    by_handoff = {attempt.handoff: attempt for attempt in attempts}
    ledger = Ledger()
    for pk, found in effects(handoffs).items():
        attempt = by_handoff.get(pk)
        is_whole = all(found[effect] for effect in EFFECTS)
        if any(count > 1 for count in found.values()):
            ledger.doubled.append(pk)
        if any(found.values()) and not is_whole:
            ledger.half.append(pk)
        if attempt and attempt.is_answered:
            ledger.answered += 1
            if not is_whole:
                ledger.lost.append(pk)
        elif any(found.values()):
            if attempt and attempt.is_unsure:
                ledger.recovered += 1
            else:
                ledger.unexpected.append(pk)
    sent = mailbox.sent()
    wanted = {str(message_id) for message_id in Notice.objects.values_list("message_id", flat=True)}
    ledger.unsent = len(wanted - sent.keys())
    ledger.sent_again = sum(count - 1 for count in sent.values())
    ledger.unexpected += [0 for stranger in sent.keys() - wanted]
    return ledger


def _told(handoffs: Sequence[int]) -> list[int]:
    wanted = set(handoffs)
    told = Notice.objects.filter(key__startswith="decided:").values_list("key", flat=True)
    return [pk for key in told if (pk := int(key.split(":")[1])) in wanted]
