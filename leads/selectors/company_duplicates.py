"""Accounts that may be one company, as a list and side by side."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, F, QuerySet
from django.db.models.functions import Coalesce
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from alignment.kernel import formats
from alignment.kernel.errors import NotFound
from leads.models import Account, AccountMerge, Deal, Lead, SuspectedCompanies
from leads.rules.company_matching import WORDS
from leads.rules.merging import COMPANY_FACTS, companies_in_order
from leads.selectors.company_matching import alike
from leads.selectors.duplicates import MOST, Row, evidence_words


@dataclass(frozen=True)
class Comparison:
    """Two companies, the one that survives first. ``refusal``: why they cannot be merged now."""

    survivor: Account
    other: Account
    evidence: str
    facts: list[Row]
    standing: list[Row]
    suspicion: SuspectedCompanies | None
    refusal: str


def open_pairs() -> QuerySet[SuspectedCompanies]:
    """Pairs that nobody has decided on, the likeliest first; both stand, and not in one tree."""
    found = SuspectedCompanies.objects.filter(dismissed_at=None, first__merged_into=None, second__merged_into=None)
    topped = found.alias(top=Coalesce("first__parent", "first"), top_of_other=Coalesce("second__parent", "second"))
    apart = topped.exclude(top=F("top_of_other"))
    return apart.select_related("first", "second").order_by("-score", "-found_at", "-pk")


def words_of(pair: SuspectedCompanies) -> str:
    """What speaks for the two being one company, and against it."""
    return evidence_words(pair.evidence, WORDS)


def resembling(account: Account) -> list[tuple[Account, str]]:
    """The companies that resemble one, the likeliest first, and why (two queries)."""
    found = {
        second if first == account.pk else first: evidence for (first, second), evidence in alike([account.pk]).items()
    }
    likeliest = sorted(found, key=lambda pk: (-found[pk].score, pk))[:MOST]
    accounts = Account.objects.in_bulk(likeliest)
    return [(accounts[pk], evidence_words(found[pk].as_json(), WORDS)) for pk in likeliest if pk in accounts]


def side_by_side(pk: int, other: int) -> Comparison:
    """Two companies and what would become of them; raises ``NotFound``."""
    found = Account.everything.select_related("parent").in_bulk([pk, other])
    if len(found) != 2:
        raise NotFound(_("There is no such company."))
    parents = set(Account.objects.filter(parent__in=found).values_list("parent_id", flat=True))
    survivor, joins = companies_in_order(*found.values(), parents=parents)
    evidence = alike([pk]).get((min(found), max(found)))
    return Comparison(
        survivor=survivor,
        other=joins,
        evidence=evidence_words(evidence.as_json(), WORDS) if evidence else "",
        facts=[row for row in (_fact(name, survivor, joins) for name in COMPANY_FACTS) if row.stays or row.joins],
        standing=_standing(survivor, joins),
        suspicion=SuspectedCompanies.objects.filter(first=min(found), second=max(found), dismissed_at=None).first(),
        refusal="" if survivor.stands and joins.stands else _("One of the two is part of another company by now."),
    )


def merges_of(account: Account) -> QuerySet[AccountMerge]:
    """What became part of a company, or of which it became a part: what can be undone, the latest first."""
    standing = AccountMerge.objects.filter(undone_at=None).select_related("survivor", "merged", "actor")
    mine = standing.filter(survivor=account) if account.stands else standing.filter(merged=account)
    return mine.order_by("-at", "-pk")


def _fact(name: str, survivor: Account, other: Account) -> Row:
    values = (getattr(survivor, name), getattr(other, name))
    stays, joins = (formats.number(value) if isinstance(value, int) else value or "" for value in values)
    return Row(name, _label(name), stays, joins, is_choice=bool(stays and joins and stays != joins))


def _label(name: str) -> str:
    return capfirst(str(Account._meta.get_field(name).verbose_name))  # type: ignore[union-attr]


def _standing(survivor: Account, other: Account) -> list[Row]:
    """Where the two belong and what they bring, for reading."""
    pks = [survivor.pk, other.pk]
    leads = dict(Lead.objects.filter(account__in=pks).values_list("account").annotate(n=Count("pk")))
    deals = dict(Deal.objects.filter(account__in=pks).values_list("account").annotate(n=Count("pk")))
    told = {
        "parent": (_label("parent"), lambda account: account.parent.name if account.parent else ""),
        "is_key_account": (_label("is_key_account"), lambda account: _("Yes") if account.is_key_account else ""),
        "leads": (_("Leads"), lambda account: formats.number(leads.get(account.pk, 0))),
        "deals": (_("Deals"), lambda account: formats.number(deals.get(account.pk, 0))),
        "created_at": (_("Known since"), lambda account: formats.date(account.created_at)),
    }
    return [Row(name, label, words(survivor), words(other)) for name, (label, words) in told.items()]
