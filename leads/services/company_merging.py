"""Two accounts that are one company become one, as two leads do; nothing is deleted, and it can be undone exactly.

The survivor takes the other's leads, deals and subsidiaries, and what it lacks. The other no longer stands; its name
leads to the survivor.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.kernel.errors import InvalidInput, NotFound
from leads.models import Account, AccountMerge, Deal, Lead
from leads.rules.merging import COMPANY_FACTS, companies_in_order, refusal_of_companies
from leads.services import company_duplicates, duplicates, snapshots
from leads.services.accounts import judge_leads_of
from leads.services.merging import NotMergeable, check_choice, undoable


@transaction.atomic
def merge(*, pair: Sequence[int], facts: Mapping[str, int], actor: User, now: datetime) -> AccountMerge:
    """Make two companies one. Which of them survives follows from ``rules.merging.companies_in_order``.

    ``pair``: their ids. ``facts``: the id of the company whose value is taken, by name of
    ``rules.merging.COMPANY_FACTS``; unchosen the survivor's stays where it has one. Leads in marketing's hands are
    judged again, and those who came are compared with those who were there.

    Raises ``NotAllowed``, ``NotFound``, ``InvalidInput`` and ``NotMergeable``.
    """
    actor.require(Permission.MERGE_LEADS)
    survivor, other = _locked_pair(pair)
    check_choice(facts, of=(survivor, other), among=COMPANY_FACTS)
    was, joined = snapshots.take(survivor), _joined(survivor, other, facts)
    moved = _move(survivor, other)
    for column, value in joined.items():
        setattr(survivor, column, value)
    if survivor.subsidiaries.exists():
        survivor.parent = None
    survivor.save()
    before, after = snapshots.differing(was, snapshots.take(survivor))
    done = AccountMerge.objects.create(
        survivor=survivor, merged=other, before=before, after=after, moved=moved, actor=actor, at=now
    )
    judge_leads_of([survivor], actor=actor, now=now)
    duplicates.look(lead_ids=moved["leads"], now=now)
    company_duplicates.look(account_ids=[survivor.pk], now=now)
    return done


@transaction.atomic
def unmerge(*, merge_id: int, actor: User, now: datetime) -> AccountMerge:
    """Make two companies of one again: each has what it had, and what followed goes back.

    What somebody changed since stays as it is there, and so does what came to the survivor since. Raises
    ``NotAllowed``, ``NotFound`` and ``MergeIsOver``.
    """
    actor.require(Permission.MERGE_LEADS)
    known = AccountMerge.objects.filter(pk=merge_id).first()
    if known is None:
        raise NotFound(_("There is no such merge."))
    pair = (known.survivor_id, known.merged_id)
    accounts = _locked([*pair, known.moved["parent"]])
    survivor, other = (accounts[pk] for pk in pair)
    done = undoable(AccountMerge.objects.filter(pk=merge_id), survivor)
    snapshots.put_back(survivor, before=done.before, after=done.after)
    survivor.save()
    other.merged_into = None
    other.save(update_fields=["merged_into"])
    _move_back(done)
    _give_back_parent(other, accounts.get(done.moved["parent"]))
    done.undone_by, done.undone_at = actor, now
    done.save(update_fields=["undone_by", "undone_at"])
    judge_leads_of([survivor, other], actor=actor, now=now)
    return done


def _locked_pair(pair: Sequence[int]) -> tuple[Account, Account]:
    """Both companies under lock, the one that survives first."""
    if len(set(pair)) != 2:
        raise InvalidInput(_("Choose two different companies."), field="other")
    accounts = _locked(pair)
    if any(pk not in accounts for pk in pair):
        raise NotFound(_("There is no such company."))
    one, other = (accounts[pk] for pk in pair)
    if why := refusal_of_companies(one, other):
        raise NotMergeable(why)
    return companies_in_order(one, other, parents={account.parent_id or 0 for account in accounts.values()})


def _locked(account_ids: Collection[int | None]) -> dict[int, Account]:
    """These companies with their subsidiaries, by id, locked in order of id: fully, so that whoever names one waits."""
    named = Q(pk__in=[pk for pk in account_ids if pk])
    of_them = Q(parent__in=[pk for pk in account_ids if pk])
    pks = Account.everything.filter(named | of_them).values_list("pk", flat=True)
    rows = Account.everything.select_for_update().filter(pk__in=set(pks)).order_by("pk")
    return {account.pk: account for account in rows}


def _joined(survivor: Account, other: Account, facts: Mapping[str, int]) -> dict[str, Any]:
    """The columns of the survivor that become the other's: what was chosen, and what it lacks."""
    taken = [
        name
        for name in COMPANY_FACTS
        if facts.get(name) == other.pk or (name not in facts and getattr(survivor, name) in ("", None))
    ]
    joined = {name: getattr(other, name) for name in taken}
    joined["is_key_account"] = survivor.is_key_account or other.is_key_account
    if survivor.parent_id is None and other.parent_id != survivor.pk:
        joined["parent_id"] = other.parent_id
    return joined


def _move(survivor: Account, other: Account) -> dict[str, Any]:
    """Let leads, deals, subsidiaries and what was merged before follow to the survivor; returns their ids."""
    moved: dict[str, Any] = {
        "leads": _ids(Lead.everything.select_for_update(no_key=True).filter(account=other)),
        "deals": _ids(Deal.objects.select_for_update(no_key=True).filter(account=other)),
        "subsidiaries": _ids(Account.objects.filter(parent=other).exclude(pk=survivor.pk)),
        "merged": _ids(Account.everything.filter(merged_into=other)),
        "parent": other.parent_id,
    }
    Lead.everything.filter(pk__in=moved["leads"]).update(account=survivor)
    Deal.objects.filter(pk__in=moved["deals"]).update(account=survivor)
    Account.everything.filter(pk__in=moved["subsidiaries"]).update(parent=survivor)
    Account.everything.filter(pk__in=moved["merged"]).update(merged_into=survivor)
    other.merged_into, other.parent = survivor, None
    other.save(update_fields=["merged_into", "parent"])
    return moved


def _move_back(done: AccountMerge) -> None:
    """Let all that followed go back, but for what somebody has moved elsewhere since."""
    leads = Lead.everything.filter(pk__in=done.moved["leads"], account=done.survivor_id)
    deals = Deal.objects.filter(pk__in=done.moved["deals"], account=done.survivor_id)
    Lead.everything.filter(pk__in=_ids(leads.select_for_update(no_key=True))).update(account=done.merged_id)
    Deal.objects.filter(pk__in=_ids(deals.select_for_update(no_key=True))).update(account=done.merged_id)
    subsidiaries = Account.everything.filter(pk__in=done.moved["subsidiaries"], parent=done.survivor_id)
    subsidiaries.update(parent=done.merged_id)
    merged = Account.everything.filter(pk__in=done.moved["merged"], merged_into=done.survivor_id)
    merged.update(merged_into=done.merged_id)


def _give_back_parent(other: Account, parent: Account | None) -> None:
    """The parent company again, where it can still be one."""
    if parent is not None and parent.stands and parent.parent_id is None and not other.subsidiaries.exists():
        other.parent = parent
        other.save(update_fields=["parent"])


def _ids(rows: Any) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True))
