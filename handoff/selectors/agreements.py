"""What was changed in the rules of the handoff, by whom and when: read from the history that the database keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Model
from django.db.models.fields.json import KeyTextTransform
from django.utils import translation
from django.utils.translation import gettext as _

from alignment.accounts.models import Team, User
from alignment.kernel import formats
from handoff.models import RejectionReason, RoutingRule, SlaPolicy
from handoff.rules.clocks import Duty
from handoff.rules.next_steps import NextStep, closing
from leads.rules.conditions import ConditionFault, parse
from leads.rules.fields import Vocabulary
from leads.rules.sentences import say
from leads.selectors.vocabulary import known

MOST = 200
"""So many rows of each table are looked at; rules change seldom."""
ADDED = "insert"
START = "start"
"""The label of a row that only says how things stood when the history began."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """One change in a sentence of the active language, with its moment in the active zone."""

    at: datetime
    text: str


@dataclass(frozen=True)
class Past:
    """The latest changes, the newest first, and since when each row of the rules is as it is."""

    changes: list[Change]
    last: dict[tuple[type[Model], int], datetime] = field(default_factory=dict)

    def since(self, row: Model) -> datetime | None:
        """The moment of the last change of a rule, a reason or a time."""
        return self.last.get((type(row), row.pk))


def read() -> Past:
    """All there is to say; the number of queries is constant."""
    found = {model: _rows(model) for model in _SAY}
    names = _names(row for rows in found.values() for row in rows)
    oldest_first = [change for model, rows in found.items() for change in _changes(model, rows, names)]
    last = {
        (model, row["pgh_obj_id"]): row["pgh_created_at"]
        for model, rows in found.items()
        for row in rows
        if row["pgh_label"] != START
    }
    changes = sorted(oldest_first, key=lambda change: change.at)
    return Past(changes[::-1], last)


def last_row(model: type[Model]) -> int:
    """The mark to give to ``sentences_after``."""
    return _history(model).objects.aggregate(last=Max("pgh_id"))["last"] or 0


def sentences_after(model: type[Model], mark: int) -> list[str]:
    """What was changed since then, in the order of the changes."""
    rows = _rows(model)
    return [change.text for change in _changes(model, rows, _names(rows), after=mark)]


def _history(model: type[Model]) -> Any:
    return model.history.rel.related_model  # type: ignore[attr-defined]


def _rows(model: type[Model]) -> list[Row]:
    """The latest rows of the history of a table, the oldest first."""
    newest = _history(model).objects.annotate(by=KeyTextTransform("user", "pgh_context__metadata"))
    return list(reversed(newest.order_by("-pgh_id").values()[:MOST]))


@dataclass(frozen=True)
class _Names:
    """What stands behind the numbers and keys of the rows."""

    people: dict[int, str]
    teams: dict[int, str]
    vocabulary: Vocabulary


def _names(rows: Iterator[Row] | list[Row]) -> _Names:
    """The people who made the changes, the teams, and what conditions name."""
    authors = {int(row["by"]) for row in rows if row["by"]}
    people = User.objects.filter(pk__in=authors).values_list("pk", "full_name")
    return _Names(dict(people), dict(Team.objects.values_list("pk", "name")), known())


def _changes(model: type[Model], rows: list[Row], names: _Names, *, after: int = 0) -> Iterator[Change]:
    before: dict[int, Row] = {}
    for row in rows:
        old = before.get(row["pgh_obj_id"])
        before[row["pgh_obj_id"]] = row
        who = names.people.get(int(row["by"])) if row["by"] else None
        if row["pgh_id"] <= after or (row["pgh_label"] in (ADDED, START) and who is None):
            continue  # what was there from the start was changed by nobody
        said = {
            "name": who or _("The administrator of the database"),
            "when": formats.datetime(row["pgh_created_at"]),
        }
        for sentence, values in _SAY[model](old, row, names):
            yield Change(row["pgh_created_at"], sentence % (said | values))


Said = Iterator[tuple[str, dict[str, str]]]


def _of_policy(old: Row | None, new: Row, _all: _Names) -> Said:
    if old is None or old["business_minutes"] == new["business_minutes"]:
        return
    times = {"old": _time(old["business_minutes"]), "new": _time(new["business_minutes"])}
    if new["duty"] == Duty.DECIDE:
        yield _("%(name)s changed the time to decide from %(old)s to %(new)s on %(when)s"), times
    else:
        yield _("%(name)s changed the time for the first attempt from %(old)s to %(new)s on %(when)s"), times


def _of_reason(old: Row | None, new: Row, _all: _Names) -> Said:
    reason = {"reason": _label(new)}
    if old is None:
        yield _("%(name)s added the reason “%(reason)s” on %(when)s"), reason
        return
    if (old["label_ja"], old["label_en"]) != (new["label_ja"], new["label_en"]):
        renamed = {"old": _label(old), "new": _label(new)}
        yield _("%(name)s renamed the reason “%(old)s” to “%(new)s” on %(when)s"), renamed
    if _follows(old) != _follows(new):
        followed = reason | {"old": _follows(old), "new": _follows(new)}
        yield (
            _("%(name)s changed what follows the reason “%(reason)s” from “%(old)s” to “%(new)s” on %(when)s"),
            followed,
        )
    if old["position"] != new["position"]:
        moved = reason | {"old": str(old["position"]), "new": str(new["position"])}
        yield _("%(name)s moved the reason “%(reason)s” from place %(old)s to %(new)s on %(when)s"), moved
    if old["needs_comment"] != new["needs_comment"]:
        yield (
            (
                _("%(name)s made a comment necessary for the reason “%(reason)s” on %(when)s")
                if new["needs_comment"]
                else _("%(name)s made the comment for the reason “%(reason)s” optional on %(when)s")
            ),
            reason,
        )
    if old["is_active"] != new["is_active"]:
        yield (
            (
                _("%(name)s put the reason “%(reason)s” back into use on %(when)s")
                if new["is_active"]
                else _("%(name)s took the reason “%(reason)s” out of use on %(when)s")
            ),
            reason,
        )


def _of_rule(old: Row | None, new: Row, names: _Names) -> Said:
    rule = {"rule": new["name"]}
    if old is None:
        yield _("%(name)s added the routing rule “%(rule)s” on %(when)s"), rule
        return
    if old["name"] != new["name"]:
        renamed = {"old": old["name"], "new": new["name"]}
        yield _("%(name)s renamed the routing rule “%(old)s” to “%(new)s” on %(when)s"), renamed
    if old["condition"] != new["condition"]:
        changed = rule | {"old": _condition(old, names), "new": _condition(new, names)}
        yield (
            _("%(name)s changed the condition of the rule “%(rule)s” from “%(old)s” to “%(new)s” on %(when)s"),
            changed,
        )
    if old["team_id"] != new["team_id"]:
        teams_of = rule | {"old": names.teams.get(old["team_id"], ""), "new": names.teams.get(new["team_id"], "")}
        yield _("%(name)s changed the team of the rule “%(rule)s” from %(old)s to %(new)s on %(when)s"), teams_of
    if old["position"] != new["position"]:
        moved = rule | {"old": str(old["position"]), "new": str(new["position"])}
        yield _("%(name)s moved the rule “%(rule)s” from place %(old)s to %(new)s on %(when)s"), moved
    if old["is_active"] != new["is_active"]:
        yield (
            (
                _("%(name)s put the rule “%(rule)s” back into use on %(when)s")
                if new["is_active"]
                else _("%(name)s took the rule “%(rule)s” out of use on %(when)s")
            ),
            rule,
        )


_SAY: dict[type[Model], Callable[[Row | None, Row, _Names], Said]] = {
    SlaPolicy: _of_policy,
    RejectionReason: _of_reason,
    RoutingRule: _of_rule,
}


def _time(minutes: int) -> str:
    return formats.duration(timedelta(minutes=minutes))


def _label(row: Row) -> str:
    return str(row["label_ja"] if (translation.get_language() or "").startswith("ja") else row["label_en"])


def _follows(row: Row) -> str:
    if row["next_step"] == NextStep.CLOSE:
        return closing(row["code"])
    return _("back to marketing after %(days)s") % {"days": formats.days(row["recycle_days"])}


def _condition(row: Row, names: _Names) -> str:
    try:
        return say(parse(row["condition"], names.vocabulary))
    except ConditionFault as fault:
        return str(fault.message)
