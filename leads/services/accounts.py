"""What is known of a company; its leads are judged again, because the definition may look at it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.utils.translation import gettext as _

from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.kernel.errors import InvalidInput, NotFound
from leads.models import Account
from leads.rules.stages import JUDGED_STAGES
from leads.services import company_duplicates, judging
from leads.services.facts import stored_of_company


class CompanyFacts(TypedDict, total=False):
    """What can be corrected of a company."""

    corporate_number: str
    industry: str
    prefecture: str
    postal_code: str
    address: str
    employee_count: int | None
    is_key_account: bool
    parent_id: int | None


@transaction.atomic
def update_account(*, account_id: int, actor: User, now: datetime, **facts: Unpack[CompanyFacts]) -> Account:
    """Correct the facts of a company that are given and judge its leads in marketing's hands again.

    A parent company has none itself. What an import brought is not checked again while nobody touches it. Triggers
    keep the history. Raises ``NotAllowed``, ``NotFound`` and ``InvalidInput`` with the field at fault.
    """
    actor.require(Permission.EDIT_LEAD)
    account = _locked(account_id, facts.get("parent_id"))
    wanted = {name: _checked(name, value, getattr(account, name)) for name, value in facts.items()}
    changed = {name: value for name, value in wanted.items() if getattr(account, name) != value}
    if not changed:
        return account
    if changed.get("parent_id"):
        _check_parent(account, changed["parent_id"])
    for name, value in changed.items():
        setattr(account, name, value)
    account.save(update_fields=sorted(changed))
    judge_leads_of([account], actor=actor, now=now)
    if "corporate_number" in changed:
        company_duplicates.look(account_ids=[account.pk], now=now)
    return account


def judge_leads_of(accounts: list[Account], *, actor: User, now: datetime) -> None:
    """Judge the leads of companies that are in marketing's hands again."""
    of_them = [account.leads.filter(stage__in=JUDGED_STAGES).values_list("pk", flat=True) for account in accounts]
    judging.judge(lead_ids=[pk for pks in of_them for pk in pks], now=now, actor=actor)


def _locked(account_id: int, parent_id: int | None) -> Account:
    """The company, locked together with its parent to be: who becomes a parent gets none at the same moment."""
    rows = Account.objects.select_for_update(no_key=True).filter(pk__in={account_id, parent_id or account_id})
    account = {row.pk: row for row in rows.order_by("pk")}.get(account_id)
    if account is None:
        raise NotFound(_("There is no such company."))
    return account


def _checked(name: str, value: Any, current: Any) -> Any:
    """A new value in its stored form."""
    if name == "employee_count" and value is not None and value < 0:
        raise InvalidInput(_("Enter a whole number, 0 or more."), field=name)
    return stored_of_company(name, value) if isinstance(value, str) and value != current else value


def _check_parent(account: Account, parent_id: int) -> None:
    parent = Account.objects.filter(pk=parent_id).select_related("parent").first()
    if parent is None:
        raise InvalidInput(_("There is no such company."), field="parent")
    if parent == account:
        raise InvalidInput(_("A company is not its own parent company."), field="parent")
    if parent.parent:
        message = _("“%(name)s” belongs to “%(parent)s”. Choose the company at the top.")
        raise InvalidInput(message % {"name": parent.name, "parent": parent.parent.name}, field="parent")
    if account.subsidiaries.exists():
        message = _("“%(name)s” is the parent company of others, so it cannot have one itself.")
        raise InvalidInput(message % {"name": account.name}, field="parent")
