"""The joint contract as it is read: sentences, what changed, who signed, whose turn it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.accounts.roles import Role, Side
from alignment.kernel import formats
from alignment.kernel.errors import NotFound
from leads.models import Criterion, Definition, DefinitionVersion, Signature, VersionEvent
from leads.rules import versions
from leads.rules.changes import Change, ChangeKind, CriterionText, differences
from leads.rules.conditions import parse
from leads.rules.fields import Vocabulary
from leads.rules.sentences import say
from leads.rules.versions import VersionAction, VersionStatus
from leads.selectors.vocabulary import known


@dataclass(frozen=True)
class CriterionView:
    """One criterion in words."""

    number: int
    sentence: str
    points: int
    worth: str
    is_disqualifier: bool
    why: str


@dataclass(frozen=True)
class ChangeView:
    """One difference in words; ``sentence`` says it alone, for mails and screen readers."""

    kind: str
    label: str
    sentence: str
    old: str = ""
    new: str = ""
    differs: bool = True


@dataclass(frozen=True)
class SignatureBox:
    """One side's place to sign."""

    side: str
    label: str
    signed_by: str = ""
    signed_at: datetime | None = None
    awaited: str = ""
    is_mine: bool = False


def name_of(definition: Definition) -> str:
    """The definition's name in the active language."""
    is_japanese = (translation.get_language() or "").startswith("ja")
    return definition.name_ja if is_japanese else definition.name_en


def the_definition() -> Definition:
    """The one stream of leads of this release."""
    definition = Definition.objects.order_by("pk").first()
    if definition is None:
        raise NotFound(_("There is no definition yet."))
    return definition


def version_in_force() -> DefinitionVersion | None:
    """The version that binds both sides now, with its criteria."""
    return _with_content().filter(status=VersionStatus.IN_FORCE).order_by("definition_id").first()


def open_version() -> DefinitionVersion | None:
    """The version that is on its way: drafted, proposed or signed."""
    return _with_content().filter(status__in=versions.OPEN_STATUSES).order_by("definition_id").first()


def version_numbered(number: int) -> DefinitionVersion:
    """One version with its criteria and signatures, whatever became of it; raises ``NotFound``."""
    version = _with_content().filter(number=number, definition=the_definition()).first()
    if version is None:
        raise NotFound(_("There is no such version."))
    return version


def all_versions() -> QuerySet[DefinitionVersion]:
    """Every version, newest first, with its criteria and signatures (a constant number of queries)."""
    return _with_content().order_by("-number", "-pk")


def version_before(version: DefinitionVersion) -> DefinitionVersion | None:
    """What a version is compared with: the version in force, or the one that it replaced."""
    earlier = _with_content().filter(definition=version.definition_id, in_force_from__isnull=False)
    if version.in_force_from is not None:
        earlier = earlier.filter(in_force_from__lt=version.in_force_from)
    return earlier.exclude(pk=version.pk).order_by("-in_force_from", "-pk").first()


def criteria_of(version: DefinitionVersion) -> list[CriterionView]:
    """The criteria of a version as sentences in the active language."""
    vocabulary = known()
    return [
        CriterionView(
            number=line.position + 1,
            sentence=say(parse(line.condition, vocabulary)),
            points=line.points,
            worth=worth(kind=line.kind, points=line.points),
            is_disqualifier=line.kind == Criterion.Kind.DISQUALIFIER,
            why=line.why,
        )
        for line in version.criteria.all()
    ]


def worth(*, kind: str, points: int) -> str:
    """What a criterion does, in words: “+10 points”, “rules out”."""
    if kind == Criterion.Kind.DISQUALIFIER:
        return _("rules the lead out")
    signed = formats.number(points) if points < 0 else f"+{formats.number(points)}"
    return ngettext("%(points)s point", "%(points)s points", abs(points)) % {"points": signed}


def changes_of(version: DefinitionVersion) -> list[ChangeView]:
    """What the version changes against the one before it; empty where there is none to compare with."""
    before = version_before(version)
    if before is None:
        return []
    vocabulary = known()
    changes = differences(_texts(before, vocabulary), _texts(version, vocabulary))
    lines = [_say_change(change) for change in changes]
    if before.threshold == version.threshold:
        return lines
    words = {"old": formats.number(before.threshold), "new": formats.number(version.threshold)}
    sentence = _("Points needed: %(old)s before, %(new)s now.") % words
    label = _("Points needed")
    return [ChangeView(ChangeKind.CHANGED.value, label, sentence, old=words["old"], new=words["new"]), *lines]


def signature_boxes(version: DefinitionVersion, viewer: User) -> list[SignatureBox]:
    """Both sides' places to sign, in the order of the loop."""
    valid = {one.side: one for one in version.signatures.all() if one.voided_at is None}
    managers = list(User.objects.active().filter(role=Role.MANAGER).order_by("full_name", "pk"))
    is_proposed = version.status == VersionStatus.PROPOSED
    return [
        _signed(side, valid[side])
        if side in valid
        else SignatureBox(
            side=side,
            label=str(side.label),
            awaited=_names(person for person in managers if person.side == side),
            is_mine=is_proposed and viewer.may(versions.SIGN_PERMISSIONS[side]),
        )
        for side in Side
    ]


def sides_to_move(version: DefinitionVersion | None) -> list[str]:
    """Whose turn it is: both sides before a proposal, then those that have not signed; nobody afterwards."""
    if version is None or version.status == VersionStatus.DRAFT:
        return list(Side.values)
    if version.status != VersionStatus.PROPOSED:
        return []
    signed = {one.side for one in version.signatures.all() if one.voided_at is None}
    return [side for side in Side.values if side not in signed]


def allowed_actions(version: DefinitionVersion, viewer: User) -> set[str]:
    """What the viewer may do to the version now."""
    held = frozenset(permission for permission in Permission if viewer.may(permission))
    actions = {
        action.value for action in versions.allowed_actions(status=VersionStatus(version.status), permissions=held)
    }
    if not any(box.is_mine for box in signature_boxes(version, viewer)):
        actions.discard(VersionAction.SIGN.value)
    return actions


def last_event_id(version: DefinitionVersion) -> int:
    """What a form sends back to say which state it was made from."""
    return version.events.order_by("-pk").values_list("pk", flat=True).first() or 0


def history_of(version: DefinitionVersion) -> list[VersionEvent]:
    """Every step of the version, newest first."""
    return list(version.events.select_related("actor").order_by("-pk"))


def gaps_of(version: DefinitionVersion) -> list[str]:
    """What must still be mended before the version can be proposed."""
    lines = list(version.criteria.all())
    vocabulary = known()
    retired = versions.retired([parse(line.condition, vocabulary) for line in lines])
    return [str(gap.message) for gap in versions.gaps(threshold=version.threshold, criteria=lines) + retired]


def _with_content() -> QuerySet[DefinitionVersion]:
    return DefinitionVersion.objects.select_related("definition", "created_by").prefetch_related(
        Prefetch("criteria", Criterion.objects.order_by("position", "pk")),
        Prefetch("signatures", Signature.objects.select_related("signed_by").order_by("pk")),
    )


def _texts(version: DefinitionVersion, vocabulary: Vocabulary) -> list[CriterionText]:
    return [
        CriterionText(kind=line.kind, condition=parse(line.condition, vocabulary), points=line.points, why=line.why)
        for line in version.criteria.all()
    ]


def _say_change(change: Change) -> ChangeView:
    old, new = _say_text(change.old), _say_text(change.new)
    if old == new and change.kind is ChangeKind.CHANGED:
        old, new = _say_why(change.old), _say_why(change.new)
    words = {"old": old, "new": new}
    label, sentence = {
        ChangeKind.ADDED: (_("Added"), _("Added: %(new)s.") % words),
        ChangeKind.REMOVED: (_("Removed"), _("Removed: %(old)s.") % words),
        ChangeKind.CHANGED: (_("Changed"), _("Changed: %(old)s. Now: %(new)s.") % words),
        ChangeKind.SAME: (_("Unchanged"), _("Unchanged: %(new)s.") % words),
    }[change.kind]
    return ChangeView(change.kind.value, label, sentence, old=old, new=new, differs=change.kind is not ChangeKind.SAME)


def _say_text(line: CriterionText | None) -> str:
    if line is None:
        return ""
    words = {"criterion": say(line.condition), "worth": worth(kind=line.kind, points=line.points)}
    return _("%(criterion)s (%(worth)s)") % words


def _say_why(line: CriterionText | None) -> str:
    words = {"criterion": _say_text(line), "why": (line and line.why) or _("no reason given")}
    return _("%(criterion)s, because: %(why)s") % words


def _signed(side: Side, signature: Signature) -> SignatureBox:
    return SignatureBox(
        side=side, label=str(side.label), signed_by=signature.signed_by.full_name, signed_at=signature.signed_at
    )


def _names(people: Iterable[User]) -> str:
    return _(", ").join(person.full_name for person in people)
