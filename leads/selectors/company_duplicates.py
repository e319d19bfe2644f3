"""Accounts that may be one company, as a list and side by side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, F, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from alignment.kernel import formats
from alignment.kernel.errors import NotFound
from leads.models import Account, Deal, Lead, SuspectedCompanies
from leads.rules.company_matching import WORDS
from leads.rules.merging import COMPANY_FACTS, companies_in_order, refusal_of_companies
from leads.selectors import side_by_side as sides
from leads.selectors.company_matching import alike
from leads.selectors.side_by_side import MOST, Chosen, Comparison, Row, facts, standing


def open_pairs() -> QuerySet[SuspectedCompanies]:
    """Pairs that nobody has decided on, the likeliest first; both stand, and not in one tree."""
    found = SuspectedCompanies.objects.filter(dismissed_at=None, first__merged_into=None, second__merged_into=None)
    topped = found.alias(top=Coalesce("first__parent", "first"), top_of_other=Coalesce("second__parent", "second"))
    apart = topped.exclude(top=F("top_of_other"))
    return apart.select_related("first", "second").order_by("-score", "-found_at", "-pk")


def evidence_words(evidence: Iterable[Any]) -> str:
    """What speaks for the two being one company, and against it."""
    return sides.evidence_words(evidence, WORDS)


def resembling(account: Account) -> list[tuple[Account, str]]:
    """The companies that resemble one, the likeliest first, and why (two queries)."""
    found = {
        second if first == account.pk else first: evidence for (first, second), evidence in alike([account.pk]).items()
    }
    likeliest = sorted(found, key=lambda pk: (-found[pk].score, pk))[:MOST]
    accounts = Account.objects.in_bulk(likeliest)
    return [(accounts[pk], evidence_words(found[pk].as_json())) for pk in likeliest if pk in accounts]


def side_by_side(pk: int, other: int, *, chosen: Chosen) -> Comparison[Account]:
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
        evidence=evidence_words(evidence.as_json()) if evidence else "",
        facts=facts(COMPANY_FACTS, survivor, joins, chosen=chosen),
        standing=_standing(survivor, joins),
        suspicion=SuspectedCompanies.objects.filter(first=min(found), second=max(found), dismissed_at=None).first(),
        refusal=refusal_of_companies(survivor, joins),
    )


def _standing(survivor: Account, other: Account) -> list[Row]:
    pks = [survivor.pk, other.pk]
    leads = dict(Lead.objects.filter(account__in=pks).values_list("account").annotate(n=Count("pk")))
    deals = dict(Deal.objects.filter(account__in=pks).values_list("account").annotate(n=Count("pk")))
    told = {
        "parent": (None, lambda account: account.parent.name if account.parent else ""),
        "is_key_account": (None, lambda account: _("Yes") if account.is_key_account else ""),
        "leads": (_("Leads"), lambda account: formats.number(leads.get(account.pk, 0))),
        "deals": (_("Deals"), lambda account: formats.number(deals.get(account.pk, 0))),
        "created_at": (_("Known since"), lambda account: formats.date(account.created_at)),
    }
    return standing(told, survivor, other)
