"""The lists of leads, companies, campaigns, deals and imports as files: which columns they have.

Those that an import understands are named as it names its fields, so that it reads such a file without being told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from django.db.models import Case, Value, When
from django.db.models.fields.json import KeyTransform
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from alignment.exports.columns import Column, Listing, in_words
from alignment.kernel.sheets import Cell
from leads.models import Deal, ImportJob
from leads.rules import company_matching, matching
from leads.rules.columns import LABELS
from leads.rules.fields import Field, FieldType
from leads.rules.stages import Stage
from leads.selectors.custom_fields import known

LEADS = Listing("leads:export", _("Leads"))
ACCOUNTS = Listing("leads:account-export", _("Companies"))
CAMPAIGNS = Listing("leads:campaign-export", _("Campaigns"))
DEALS = Listing("leads:deal-export", _("Deals"))
DUPLICATES = Listing("leads:duplicate-export", _("Possible duplicates"))
SUSPECTED_COMPANIES = Listing("leads:company-duplicate-export", _("Companies that may be one"))
IMPORTS = Listing("leads:import-export", _("Imports"))
REFUSED = Listing("leads:import-refused", _("Refused rows"))

_DEAL_STATES = [
    ("open", pgettext_lazy("deal", "Open")),
    ("won", pgettext_lazy("deal", "Won")),
    ("lost", pgettext_lazy("deal", "Lost")),
]

LEAD_COLUMNS = [
    Column(LABELS["external_id"], "external_id"),
    Column(LABELS["full_name"], "full_name"),
    Column(LABELS["full_name_kana"], "full_name_kana"),
    Column(LABELS["company"], "company_name"),
    Column(LABELS["department"], "department"),
    Column(LABELS["job_title"], "job_title"),
    Column(LABELS["email"], "email"),
    Column(LABELS["phone"], "phone"),
    Column(LABELS["industry"], "account__industry"),
    Column(LABELS["employees"], "account__employee_count"),
    Column(LABELS["prefecture"], "account__prefecture"),
    Column(LABELS["source"], "source"),
    Column(LABELS["landing_page"], "landing_page"),
    Column(LABELS["campaign"], "campaign__name"),
    Column(LABELS["captured_at"], "captured_at"),
    Column(LABELS["note"], "note"),
    Column(_("Stage"), "stage", in_words(Stage.choices)),
    Column(_("Points"), "verdict__points"),
    Column(_("Points needed"), "verdict__threshold"),
    Column(_("Qualified"), "qualified_at"),
    Column(_("Owner in sales"), "owner__full_name"),
    Column(_("First contact"), "first_contacted_at"),
    Column(_("Next step"), "next_step_on"),
    Column(_("back to marketing on"), "recycle_on"),
    Column(_("source system"), "source_system"),
]


def lead_columns() -> list[Column]:
    """The columns of leads, with the fields that admins made (one query)."""
    return [*LEAD_COLUMNS, *(_custom(field) for field in known().offered)]


def _custom(field: Field) -> Column:
    return Column(str(field.label), KeyTransform(field.custom, "custom"), _shown(field))


def _shown(field: Field) -> Callable[[Any], Cell] | None:
    match field.type:
        case FieldType.CHOICE:
            return in_words([(choice.value, str(choice.label)) for choice in field.choices])
        case FieldType.DAY:
            return lambda value: date.fromisoformat(value) if value else None
    return None


def _evidence(words: Mapping[str, Promise]) -> Callable[[Iterable[Any]], str]:
    """What speaks for and against with its points, in characters that every kind of file can hold."""

    def said(evidence: Iterable[Any]) -> str:
        return pgettext("list separator", ", ").join(f"{words[signal]} ({points:+d})" for signal, points in evidence)

    return said


DUPLICATE_COLUMNS = [
    Column(_("One"), "first__full_name"),
    Column(_("Company of the one"), "first__company_name"),
    Column(_("E-mail address of the one"), "first__email"),
    Column(_("The other"), "second__full_name"),
    Column(_("Company of the other"), "second__company_name"),
    Column(_("E-mail address of the other"), "second__email"),
    Column(_("What speaks for it, and against it"), "evidence", _evidence(matching.WORDS)),
    Column(_("Points"), "score"),
]

SUSPECTED_COMPANY_COLUMNS = [
    Column(_("One"), "first__name"),
    Column(_("Corporate number of the one"), "first__corporate_number"),
    Column(_("Industry of the one"), "first__industry"),
    Column(_("The other"), "second__name"),
    Column(_("Corporate number of the other"), "second__corporate_number"),
    Column(_("Industry of the other"), "second__industry"),
    Column(_("What speaks for it, and against it"), "evidence", _evidence(company_matching.WORDS)),
    Column(_("Points"), "score"),
]

ACCOUNT_COLUMNS = [
    Column(LABELS["company"], "name"),
    Column(LABELS["corporate_number"], "corporate_number"),
    Column(LABELS["industry"], "industry"),
    Column(LABELS["employees"], "employee_count"),
    Column(LABELS["postal_code"], "postal_code"),
    Column(LABELS["prefecture"], "prefecture"),
    Column(LABELS["address"], "address"),
    Column(LABELS["parent"], "parent__name"),
    Column(LABELS["key_account"], "is_key_account"),
    Column(_("Leads"), "lead_count"),
    Column(_("Deals won"), "won_count"),
]

CAMPAIGN_COLUMNS = [
    Column(LABELS["campaign"], "name"),
    Column(_("channel"), "channel"),
    Column(_("promise"), "promise"),
    Column(_("from"), "starts_on"),
    Column(_("until"), "ends_on"),
    Column(_("Leads"), "lead_count"),
    Column(_("Qualified"), "qualified_count"),
    Column(_("cost"), "cost"),
]

DEAL_COLUMNS = [
    Column(LABELS["external_id"], "external_id"),
    Column(LABELS["name"], "name"),
    Column(LABELS["lead_external_id"], "lead__external_id"),
    Column(_("Lead"), "lead__full_name"),
    Column(LABELS["account"], "account__name"),
    Column(LABELS["stage"], "stage"),
    Column(
        _("State"),
        Case(
            When(won_at__isnull=False, then=Value("won")),
            When(lost_at__isnull=False, then=Value("lost")),
            default=Value("open"),
        ),
        in_words(_DEAL_STATES),
    ),
    Column(LABELS["amount"], "amount"),
    Column(LABELS["product"], "product"),
    Column(LABELS["opened_at"], "opened_at"),
    Column(LABELS["expected_at"], "expected_on"),
    Column(LABELS["won_at"], "won_at"),
    Column(_("why won"), "win_reason", in_words(Deal.WinReason.choices)),
    Column(LABELS["lost_at"], "lost_at"),
    Column(_("why lost"), "loss_reason", in_words(Deal.LossReason.choices)),
    Column(_("comment"), "comment"),
    Column(_("Next step"), "lead__next_step_on"),
    Column(LABELS["owner"], "owner__full_name"),
]

IMPORT_COLUMNS = [
    Column(_("File"), "file_name"),
    Column(_("kind"), "kind", in_words(ImportJob.Kind.choices)),
    Column(_("source system"), "source_system"),
    Column(_("State"), "state", in_words(ImportJob.State.choices)),
    Column(_("Rows"), "counts__rows"),
    Column(_("New"), "counts__created"),
    Column(_("Updated"), "counts__updated"),
    Column(_("Refused"), "counts__refused"),
    Column(_("Brought"), "at"),
    Column(_("Brought by"), "actor__full_name"),
]
