"""What is known of a company; its leads are judged again, because the definition may look at it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.kernel.errors import InvalidInput, NotFound
from leads.models import Account
from leads.rules.stages import JUDGED_STAGES
from leads.services import judging
from leads.services.facts import LIMITS
from leads.services.texts import check_text


@transaction.atomic
def update_account(
    *,
    account_id: int,
    industry: str,
    prefecture: str,
    employee_count: int | None,
    is_key_account: bool,
    actor: User,
    now: datetime,
) -> Account:
    """Correct the facts of a company and judge its leads in marketing's hands again. Triggers keep its history."""
    actor.require(Permission.EDIT_LEAD)
    account = Account.objects.select_for_update(no_key=True).filter(pk=account_id).first()
    if account is None:
        raise NotFound(_("There is no such company."))
    if employee_count is not None and employee_count < 0:
        raise InvalidInput(_("Enter a whole number, 0 or more."), field="employee_count")
    for field, text in (("industry", industry), ("prefecture", prefecture)):
        check_text(text, longest=LIMITS[field], field=field)
    wanted = {
        "industry": industry.strip(),
        "prefecture": prefecture.strip(),
        "employee_count": employee_count,
        "is_key_account": is_key_account,
    }
    changed = [name for name, value in wanted.items() if getattr(account, name) != value]
    if not changed:
        return account
    for name in changed:
        setattr(account, name, wanted[name])
    account.save(update_fields=changed)
    leads = account.leads.filter(stage__in=JUDGED_STAGES).order_by("pk").values_list("pk", flat=True)
    judging.judge(lead_ids=list(leads), now=now, actor=actor)
    return account
