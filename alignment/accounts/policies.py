"""Who may do what, written once. Pages, API and services ask ``user.may(...)``; nothing else decides by role.

Everybody signed in sees the same leads, handoffs and figures: roles differ in what they may *do*. A handoff that waits
for a decision may be decided by the person it was offered to, by a member of the team when it is unowned, and by the
sales manager; that rule needs the handoff and stands in ``handoff.rules.workflow``.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from alignment.accounts.roles import Role, Side

Actor = tuple[str, str]
"""A role and a side; an admin's side may be empty."""

MARKETER: Final = (Role.MARKETER.value, Side.MARKETING.value)
SALES_REP: Final = (Role.SALES_REP.value, Side.SALES.value)
MARKETING_MANAGER: Final = (Role.MANAGER.value, Side.MARKETING.value)
SALES_MANAGER: Final = (Role.MANAGER.value, Side.SALES.value)
ADMINS: Final = tuple((Role.ADMIN.value, side) for side in ("", *Side.values))


class Permission(Enum):
    """Something that not everybody may do."""

    SUBMIT_LEAD = "submit_lead"
    EDIT_LEAD = "edit_lead"
    MERGE_LEADS = "merge_leads"
    DECIDE_HANDOFF = "decide_handoff"
    RECORD_ACTIVITY = "record_activity"
    MANAGE_DEAL = "manage_deal"
    EDIT_DEFINITION = "edit_definition"
    SIGN_FOR_MARKETING = "sign_for_marketing"
    SIGN_FOR_SALES = "sign_for_sales"
    EDIT_ROUTING = "edit_routing"
    RUN_REVIEW = "run_review"
    MANAGE_ACTIONS = "manage_actions"
    IMPORT_RECORDS = "import_records"
    IMPORT_ACTIVITIES = "import_activities"
    EDIT_FORMS = "edit_forms"
    INVITE_PEOPLE = "invite_people"
    EDIT_ORGANISATION = "edit_organisation"
    SEE_OPERATIONS = "see_operations"
    SEE_EXPORTS = "see_exports"


_MANAGERS = (MARKETING_MANAGER, SALES_MANAGER)

GRANTS: Final[dict[Permission, frozenset[Actor]]] = {
    Permission.SUBMIT_LEAD: frozenset({MARKETER, MARKETING_MANAGER, *ADMINS}),
    Permission.EDIT_LEAD: frozenset({MARKETER, SALES_REP, *_MANAGERS, *ADMINS}),
    Permission.MERGE_LEADS: frozenset({MARKETER, *_MANAGERS, *ADMINS}),
    Permission.DECIDE_HANDOFF: frozenset({SALES_REP, SALES_MANAGER}),
    Permission.RECORD_ACTIVITY: frozenset({SALES_REP, SALES_MANAGER}),
    Permission.MANAGE_DEAL: frozenset({SALES_REP, SALES_MANAGER}),
    Permission.EDIT_DEFINITION: frozenset({*_MANAGERS, *ADMINS}),
    # A side cannot sign for the other, and an admin signs for nobody.
    Permission.SIGN_FOR_MARKETING: frozenset({MARKETING_MANAGER}),
    Permission.SIGN_FOR_SALES: frozenset({SALES_MANAGER}),
    Permission.EDIT_ROUTING: frozenset({*_MANAGERS, *ADMINS}),
    Permission.RUN_REVIEW: frozenset({*_MANAGERS, *ADMINS}),
    Permission.MANAGE_ACTIONS: frozenset({*_MANAGERS, *ADMINS}),
    # A company's past, leads and deals alike: set-up work on the command line, not selling.
    Permission.IMPORT_RECORDS: frozenset({MARKETER, *_MANAGERS, *ADMINS}),
    # What sales did counts as its contacts: marketing does not write that down.
    Permission.IMPORT_ACTIVITIES: frozenset({SALES_MANAGER, *ADMINS}),
    # Whoever publishes one lends it their name, so that takes SUBMIT_LEAD as well.
    Permission.EDIT_FORMS: frozenset({MARKETER, *_MANAGERS, *ADMINS}),
    Permission.INVITE_PEOPLE: frozenset(ADMINS),
    Permission.EDIT_ORGANISATION: frozenset(ADMINS),
    Permission.SEE_OPERATIONS: frozenset({*_MANAGERS, *ADMINS}),
    Permission.SEE_EXPORTS: frozenset(ADMINS),
}


def allows(permission: Permission, *, role: str, side: str) -> bool:
    """True where this role on this side holds ``permission``."""
    return (role, side) in GRANTS[permission]
