"""Records that may be one, leads and companies alike: the list, two side by side, and taking a merge back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alignment.accounts.policies import Permission
from alignment.accounts.requests import PersonRequest
from alignment.exports.columns import Column, Listing
from alignment.exports.views.answers import answer
from alignment.kernel import htmx
from alignment.kernel.errors import DomainError
from alignment.kernel.inputs import search_words, whole_number
from leads.models import AccountMerge, LeadMerge
from leads.rules import matching
from leads.rules.custom import PREFIX
from leads.rules.merging import COMPANY_FACTS, FACTS
from leads.selectors import accounts, company_duplicates, duplicates, exports, leads
from leads.selectors.side_by_side import MOST, Comparison, evidence_words
from leads.services import company_duplicates as company_suspicions
from leads.services import company_merging, merging
from leads.services import duplicates as suspicions

PAGE = 25


@dataclass(frozen=True)
class Subject:
    """What the pages of leads and those of companies differ in.

    ``folder`` has the templates with their words. ``listing``, ``detail``, ``comparison`` and ``dismissal`` are names
    of URLs. ``record``: one by its id. ``alike``: those that resemble one, each with why. ``merged``, ``separated`` and
    ``dismissed`` say what was done.
    """

    folder: str
    listing: str
    detail: str
    comparison: str
    dismissal: str
    facts: Sequence[str]
    open_pairs: Callable[[], QuerySet[Any]]
    evidence_words: Callable[[Iterable[Any]], str]
    record: Callable[[int], Any]
    alike: Callable[[Any], list[tuple[Any, str]]]
    searched: Callable[[str], QuerySet[Any]]
    side_by_side: Callable[..., Comparison[Any]]
    merge: Callable[..., LeadMerge | AccountMerge]
    unmerge: Callable[..., LeadMerge | AccountMerge]
    dismiss: Callable[..., Any]
    export: Listing
    columns: Sequence[Column]
    merged: Promise
    separated: Promise
    dismissed: Promise

    def is_fact(self, name: str) -> bool:
        """Whether an input of this name is a choice between two values."""
        return name in self.facts or name.startswith(PREFIX)

    @property
    def note(self) -> str:
        """The template of what tells a record from others of its name."""
        return f"{self.folder}/_note.html"


LEADS = Subject(
    folder="leads/duplicates/leads",
    listing="leads:duplicate-list",
    detail="leads:detail",
    comparison="leads:merge",
    dismissal="leads:duplicate-dismiss",
    facts=FACTS,
    open_pairs=duplicates.open_pairs,
    evidence_words=evidence_words,
    record=leads.lead_page,
    alike=duplicates.alike,
    searched=duplicates.searched,
    side_by_side=duplicates.side_by_side,
    merge=merging.merge,
    unmerge=merging.unmerge,
    dismiss=suspicions.dismiss,
    export=exports.DUPLICATES,
    columns=exports.DUPLICATE_COLUMNS,
    merged=_("The two leads are one. You can separate them again below."),
    separated=_("They are two leads again, each with what it had."),
    dismissed=_("Noted: they are different people and are not suspected again."),
)
COMPANIES = Subject(
    folder="leads/duplicates/companies",
    listing="leads:company-duplicate-list",
    detail="leads:account-detail",
    comparison="leads:company-merge",
    dismissal="leads:company-duplicate-dismiss",
    facts=COMPANY_FACTS,
    open_pairs=company_duplicates.open_pairs,
    evidence_words=company_duplicates.evidence_words,
    record=accounts.account,
    alike=company_duplicates.resembling,
    searched=lambda words: accounts.accounts(words=words),
    side_by_side=company_duplicates.side_by_side,
    merge=company_merging.merge,
    unmerge=company_merging.unmerge,
    dismiss=company_suspicions.dismiss,
    export=exports.SUSPECTED_COMPANIES,
    columns=exports.SUSPECTED_COMPANY_COLUMNS,
    merged=_("The two companies are one. You can separate them again below."),
    separated=_("They are two companies again, each with what it had."),
    dismissed=_("Noted: they are different companies and are not suspected again."),
)


@require_GET
def listing(request: PersonRequest, of: Subject) -> HttpResponse:
    """Pairs that somebody has to look at, the likeliest first."""
    page = Paginator(of.open_pairs(), PAGE).get_page(request.GET.get("page"))
    context = {
        "of": of,
        "sure": matching.SURE,
        "suspected": matching.SUSPECTED,
        "page": page,
        "pairs": [(pair, of.evidence_words(pair.evidence)) for pair in page],
        "may_merge": request.user.may(Permission.MERGE_LEADS),
    }
    return render(request, f"{of.folder}/list.html", context)


@require_GET
def export(request: PersonRequest, kind: str, of: Subject) -> HttpResponseBase:
    """The same pairs as a file."""
    return answer(request, kind, of.export, found=of.open_pairs(), columns=of.columns)


@require_GET
def choose(request: PersonRequest, pk: int, of: Subject) -> HttpResponse:
    """With which other one a record is to be merged: those that resemble it, or whatever the search finds."""
    request.user.require(Permission.MERGE_LEADS)
    record, words = of.record(pk), search_words(request.GET.get("q", ""))
    found = of.searched(words).exclude(pk=pk)[:MOST] if words else []
    others = [(other, "") for other in found] if words else of.alike(record)
    return render(request, f"{of.folder}/choose.html", {"of": of, "record": record, "q": words, "others": others})


@require_http_methods(["GET", "POST"])
def compare(request: PersonRequest, pk: int, other: int, of: Subject) -> HttpResponse:
    """Two records side by side; POST makes them one, or shows what was chosen again with why it cannot be."""
    request.user.require(Permission.MERGE_LEADS)
    chosen = {name: whole_number(request.POST[name]) or 0 for name in request.POST if of.is_fact(name)}
    refusal = ""
    if request.method == "POST":
        try:
            done = of.merge(pair=[pk, other], facts=chosen, actor=request.user, now=timezone.now())
        except DomainError as error:
            refusal = str(error.message)
        else:
            messages.success(request, str(of.merged))
            return htmx.redirect(request, of.detail, done.survivor_id)
    comparison = of.side_by_side(pk, other, chosen=chosen)
    context = {"of": of, "comparison": comparison, "refusal": refusal or comparison.refusal}
    return render(request, f"{of.folder}/compare.html", context, status=409 if refusal else 200)


@require_POST
def dismiss(request: PersonRequest, pk: int, of: Subject) -> HttpResponse:
    """They are not the same."""
    of.dismiss(suspicion_id=pk, actor=request.user, now=timezone.now())
    messages.success(request, str(of.dismissed))
    return htmx.redirect(request, of.listing)


@require_POST
def unmerge(request: PersonRequest, pk: int, of: Subject) -> HttpResponse:
    """Two records again."""
    done = of.unmerge(merge_id=pk, actor=request.user, now=timezone.now())
    messages.success(request, str(of.separated))
    return htmx.redirect(request, of.detail, done.survivor_id)
