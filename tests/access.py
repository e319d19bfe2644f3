"""The access matrix: every page and every API operation, and what each kind of visitor gets.

``allowed``: the people who may; all other people of the house are refused (403, or what ``refused`` says). Anonymous
and deactivated visitors are asked to sign in everywhere but on public pages. ``data`` completes a request where input
is looked at before the right, so that nobody is refused for the wrong reason. Any answer but "sign in", "not yours" and
a fault of ours counts as let in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.everything import ADMIN, MARKETER, MARKETING_MANAGER, OUTSIDER, REP, SALES_MANAGER, World

HOUSE = frozenset({MARKETER, REP, OUTSIDER, MARKETING_MANAGER, SALES_MANAGER, ADMIN})
MANAGERS = frozenset({MARKETING_MANAGER, SALES_MANAGER})
SALES = frozenset({REP, OUTSIDER, SALES_MANAGER})
SUBMITTERS = frozenset({MARKETER, MARKETING_MANAGER, ADMIN})
EDITORS = MANAGERS | {ADMIN}
BRINGERS = MANAGERS | {MARKETER, ADMIN}
BROUGHT_IT = frozenset({MARKETER})
PARTY = frozenset({REP, SALES_MANAGER})
"""Those to whom the one offer of this world is made, and their manager."""


Arguments = Callable[[World], dict[str, Any]]


def _nothing(world: World) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Row:
    """One operation: URL name, method, arguments of its address, who may, and what the others of the house get."""

    name: str
    method: str = "get"
    arguments: Arguments = _nothing
    allowed: frozenset[str] = HOUSE
    refused: int | str = 403
    public: bool = False
    data: dict[str, Any] | None = None

    @property
    def id(self) -> str:
        return f"{self.method} {self.name}"


def _pk(attribute: str) -> Arguments:
    return lambda world: {"pk": getattr(world, attribute).pk}


def _lead_pk(attribute: str) -> Arguments:
    return lambda world: {"lead_pk": getattr(world, attribute).pk}


def _number(attribute: str) -> Arguments:
    return lambda world: {"number": getattr(world, attribute).number}


def _person(name: str) -> Arguments:
    return lambda world: {"pk": world.people[name].pk}


def _pair(world: World) -> dict[str, Any]:
    return {"pk": world.pair.first_id, "other": world.pair.second_id}


def _companies(world: World) -> dict[str, Any]:
    return {"pk": world.companies.first_id, "other": world.companies.second_id}


def _action(world: World) -> dict[str, Any]:
    return {"pk": world.review.pk, "action_pk": world.action.pk}


ADMINS = frozenset({ADMIN})
_AWAY = {"absence-starts_on": "2026-06-01", "absence-ends_on": "2026-06-02", "absence-note": ""}
_CSV: Arguments = lambda world: {"kind": "csv"}  # noqa: E731
_FORM: Arguments = lambda world: {"key": world.form.key}  # noqa: E731
_KPI: Arguments = lambda world: {"key": "mql"}  # noqa: E731
_RESET: Arguments = lambda world: {"uidb36": "1", "key": "made-up"}  # noqa: E731
_SIGN_ON: Arguments = lambda world: {"provider_id": "sso"}  # noqa: E731

ROWS = (
    # -- everybody, also without signing in --------------------------------------------------------------
    Row("health:live", public=True),
    Row("health:ready", public=True),
    Row("health:metrics", public=True, allowed=frozenset(), refused=404),  # no key is set in the tests
    Row("set_language", "post", public=True),
    Row("set_theme", "post", public=True),
    Row("demo:enter", "post", public=True, allowed=frozenset(), refused=404),
    Row("accounts:invitation-follow", arguments=lambda world: {"token": "x" * 40}, public=True),
    Row("accounts:invitation-accept", public=True),
    Row("handoff:form-page", arguments=_FORM, public=True),
    Row("handoff:form-page", "post", _FORM, public=True),
    Row("handoff:form-thanks", arguments=_FORM, public=True),
    Row("handoff:form-embed", arguments=_FORM, public=True),
    Row("handoff:form-embed", "post", _FORM, public=True),
    Row("handoff:form-embed-thanks", arguments=_FORM, public=True),
    # -- the doors: allauth's pages, of which only these are mounted ------------------------------------------
    Row("account_login", public=True),
    Row("account_login", "post", public=True),
    Row("account_logout", public=True),
    Row("account_logout", "post", public=True),
    Row("account_inactive", public=True),
    Row("account_signup", public=True),
    Row("account_signup", "post", public=True),
    Row("account_reauthenticate"),
    Row("account_reauthenticate", "post"),
    Row("account_change_password"),
    Row("account_change_password", "post"),
    Row("account_set_password"),
    Row("account_set_password", "post"),
    Row("account_reset_password", public=True),
    Row("account_reset_password", "post", public=True),
    Row("account_reset_password_done", public=True),
    Row("account_reset_password_from_key", arguments=_RESET, public=True),
    Row("account_reset_password_from_key", "post", _RESET, public=True),
    Row("account_reset_password_from_key_done", public=True),
    Row("mfa_index"),
    Row("mfa_authenticate"),  # between password and code; whoever is elsewhere is sent there
    Row("mfa_authenticate", "post"),
    Row("mfa_reauthenticate"),
    Row("mfa_reauthenticate", "post"),
    Row("mfa_activate_totp"),
    Row("mfa_activate_totp", "post"),
    Row("mfa_deactivate_totp", allowed=frozenset(), refused=404),  # nobody of this world has an authenticator app
    Row("mfa_deactivate_totp", "post", allowed=frozenset(), refused=404),
    Row("mfa_view_recovery_codes", allowed=frozenset(), refused=404),
    Row("mfa_generate_recovery_codes"),
    Row("mfa_generate_recovery_codes", "post"),
    Row("mfa_download_recovery_codes", allowed=frozenset(), refused=404),
    # -- home and demo ----------------------------------------------------------------------------------------
    Row("home"),
    Row("demo:mailbox"),
    Row("demo:mail", arguments=_pk("notice")),
    # -- agree ------------------------------------------------------------------------------------------------------
    Row("leads:definition"),
    Row("leads:definition-version", arguments=_number("draft")),
    Row("leads:definition-start", "post", allowed=EDITORS),
    Row("leads:definition-edit", arguments=_number("draft"), allowed=EDITORS),
    Row("leads:definition-edit", "post", _number("draft"), EDITORS),
    Row("leads:definition-propose", "post", _number("draft"), EDITORS),
    Row("leads:definition-sign", "post", _number("draft"), MANAGERS),
    Row("leads:definition-send-back", "post", _number("draft"), EDITORS, data={"comment": "Too wide."}),
    Row("leads:definition-withdraw", "post", _number("draft"), EDITORS),
    # -- capture ---------------------------------------------------------------------------------------------------
    Row("leads:list"),
    Row("leads:export", arguments=_CSV),
    Row("leads:detail", arguments=_pk("lead")),
    Row("leads:timeline", arguments=_pk("lead")),
    Row("leads:edit", arguments=_pk("lead")),
    Row("leads:edit", "post", _pk("lead")),
    Row("leads:touch-add", "post", _pk("lead"), SUBMITTERS),
    Row("leads:campaign-list"),
    Row("leads:campaign-export", arguments=_CSV),
    Row("leads:custom-fields", allowed=ADMINS),
    Row("handoff:rules-on-field", arguments=lambda world: {"key": world.custom_field.key}),
    Row("leads:custom-field-new", allowed=ADMINS),
    Row("leads:custom-field-new", "post", allowed=ADMINS),
    Row("leads:custom-field-edit", arguments=_pk("custom_field"), allowed=ADMINS),
    Row("leads:custom-field-edit", "post", _pk("custom_field"), ADMINS),
    Row("leads:custom-field-retire", "post", _pk("custom_field"), ADMINS),
    Row("leads:custom-field-restore", "post", _pk("custom_field"), ADMINS),
    Row("leads:campaign-new", allowed=SUBMITTERS),
    Row("leads:campaign-new", "post", allowed=SUBMITTERS),
    Row("leads:campaign-edit", arguments=_pk("campaign"), allowed=SUBMITTERS),
    Row("leads:touch-kind-list", allowed=ADMINS),
    Row("leads:touch-kind-new", allowed=ADMINS),
    Row("leads:touch-kind-new", "post", allowed=ADMINS),
    Row("leads:touch-kind-edit", arguments=lambda world: {"key": "download"}, allowed=ADMINS),
    Row("leads:touch-kind-edit", "post", lambda world: {"key": "download"}, ADMINS),
    Row("leads:campaign-edit", "post", _pk("campaign"), SUBMITTERS),
    Row("leads:form-list"),
    Row("leads:form-new", allowed=BRINGERS),
    Row("leads:form-new", "post", allowed=BRINGERS),
    Row("leads:form-detail", arguments=_pk("form")),
    Row("leads:form-edit", arguments=_pk("form"), allowed=BRINGERS),
    Row("leads:form-edit", "post", _pk("form"), BRINGERS),
    Row("leads:form-preview", arguments=_pk("form")),
    Row("leads:form-publish", "post", _pk("form"), SUBMITTERS),  # it lends its publisher's name
    Row("leads:form-close", "post", _pk("form"), BRINGERS),
    Row("leads:form-submissions", arguments=_pk("form")),
    Row("leads:form-submission", arguments=_pk("form_submission")),
    Row("leads:account-list"),
    Row("leads:account-export", arguments=_CSV),
    Row("leads:account-detail", arguments=_pk("account")),
    Row("handoff:submit", allowed=SUBMITTERS),
    Row("handoff:submit", "post", allowed=SUBMITTERS),
    Row("handoff:submitted", arguments=_lead_pk("lead")),
    # -- hand off ---------------------------------------------------------------------------------------------------
    Row("handoff:waiting"),
    Row("handoff:waiting-export", arguments=_CSV),
    Row("handoff:hand-over", "post", _lead_pk("qualified"), SUBMITTERS),
    Row("handoff:hand-over-many", "post", allowed=SUBMITTERS),
    Row("handoff:list"),
    Row("handoff:export", arguments=_CSV),
    Row("handoff:detail", arguments=_pk("handoff")),
    Row("handoff:panel", arguments=_lead_pk("lead")),
    Row("handoff:inbox", allowed=SALES),
    Row("handoff:inbox-export", arguments=_CSV, allowed=SALES),
    Row("handoff:accept", "post", _pk("handoff"), PARTY),
    Row("handoff:reject", arguments=_pk("handoff"), allowed=PARTY),
    Row("handoff:reject", "post", _pk("handoff"), PARTY, data={"reason": "timing"}),
    Row("handoff:withdraw", "post", _pk("handoff"), SUBMITTERS),
    Row("handoff:agreements"),
    Row("handoff:rule-add", allowed=EDITORS),
    Row("handoff:rule-add", "post", allowed=EDITORS),
    Row("handoff:rule", arguments=_pk("rule"), allowed=EDITORS),
    Row("handoff:rule", "post", _pk("rule"), EDITORS),
    Row("handoff:rule-switch", "post", _pk("rule"), EDITORS),
    Row("handoff:reason", arguments=lambda world: {"code": "timing"}, allowed=EDITORS),
    Row("handoff:reason", "post", lambda world: {"code": "timing"}, EDITORS),
    Row("handoff:policy", arguments=lambda world: {"duty": "decide"}, allowed=EDITORS),
    Row("handoff:policy", "post", lambda world: {"duty": "decide"}, EDITORS),
    # -- act --------------------------------------------------------------------------------------
    Row("handoff:activity-record", "post", _lead_pk("sold"), PARTY, data={"kind": "call", "outcome": "spoke"}),
    # -- leads that are one person -------------------------------------------------------------------------------
    Row("leads:duplicate-list"),
    Row("leads:duplicate-export", arguments=_CSV),
    Row("leads:merge-choose", arguments=_pk("lead"), allowed=BRINGERS),
    Row("leads:merge", arguments=_pair, allowed=BRINGERS),
    Row("leads:merge", "post", _pair, BRINGERS),
    Row("leads:duplicate-dismiss", "post", _pk("pair"), BRINGERS),
    Row("leads:unmerge", "post", _pk("merge"), BRINGERS),
    # -- accounts that are one company ---------------------------------------------------------------------------
    Row("leads:company-duplicate-list"),
    Row("leads:company-duplicate-export", arguments=_CSV),
    Row("leads:company-merge-choose", arguments=_pk("account"), allowed=BRINGERS),
    Row("leads:company-merge", arguments=_companies, allowed=BRINGERS),
    Row("leads:company-merge", "post", _companies, BRINGERS),
    Row("leads:company-duplicate-dismiss", "post", _pk("companies"), BRINGERS),
    Row("leads:company-unmerge", "post", _pk("company_merge"), BRINGERS),
    # -- bringing files ------------------------------------------------------------------------------------------
    Row("leads:import-list", allowed=BRINGERS),
    Row("leads:import-export", arguments=_CSV, allowed=BRINGERS),
    Row("leads:mapping-list", allowed=BRINGERS),
    Row("leads:mapping-delete", "post", _pk("saved"), BRINGERS),
    Row("leads:import-new", allowed=BRINGERS),
    Row("leads:import-new", "post", allowed=BRINGERS),
    Row("leads:import-detail", arguments=_pk("job"), allowed=BRINGERS),
    Row("leads:import-columns", arguments=_pk("job"), allowed=BRINGERS),
    Row("leads:import-columns", "post", _pk("job"), BRINGERS),
    Row("leads:import-run", "post", _pk("job"), BROUGHT_IT),
    Row("leads:import-cancel", "post", _pk("job"), BROUGHT_IT),
    Row("leads:import-undo", arguments=_pk("job"), allowed=BRINGERS),
    Row("leads:import-undo", "post", _pk("job"), BRINGERS),
    Row("leads:import-refused", arguments=_pk("job"), allowed=BRINGERS),
    Row("leads:deal-list"),
    Row("leads:deal-export", arguments=_CSV),
    Row("leads:deal-new", allowed=SALES),
    Row("leads:deal-new", "post", allowed=SALES),
    Row("leads:deal-open", "post", _pk("sold"), PARTY, data={"name": "Press"}),
    Row("leads:deal-detail", arguments=_pk("deal")),
    Row("leads:deal-update", "post", _pk("deal"), PARTY, data={"name": "Press"}),
    Row("leads:deal-win", "post", _pk("deal"), PARTY, data={"reason": "product"}),
    Row("leads:deal-lose", "post", _pk("deal"), PARTY, data={"reason": "price"}),
    # -- measure and review together --------------------------------------------------------------------------
    Row("reviews:kpis"),
    Row("reviews:kpi", arguments=_KPI),
    Row("reviews:kpi-rows", arguments=_KPI),
    Row("reviews:kpi-rows-export", arguments=lambda world: {"key": "mql", "kind": "csv"}),
    Row("reviews:list"),
    Row("reviews:detail", arguments=_pk("review")),
    Row("reviews:exception", arguments=lambda world: {"pk": world.review.pk, "position": 1}),
    Row("reviews:minutes", "post", _pk("review"), EDITORS, data={"minutes": "We met.", "seen": "0"}),
    Row("reviews:close", "post", _pk("review"), EDITORS),
    Row("reviews:action-add", "post", _pk("review"), EDITORS),
    Row("reviews:action-export", arguments=lambda world: {"pk": world.review.pk, "kind": "csv"}),
    Row("reviews:action-done", "post", _action, EDITORS | {REP}),  # REP owns the action
    Row("reviews:action-drop", "post", _action, EDITORS),
    # -- operations
    Row("health:operations", allowed=EDITORS),
    Row("health:mails-send-all", "post", allowed=EDITORS),
    Row("health:mail-send", "post", _pk("notice"), EDITORS),
    # -- people and settings --------------------------------------------------------------------------------------
    Row("set_shortcuts", "post"),
    Row("accounts:profile"),
    Row("accounts:profile", "post"),
    Row("accounts:member-absences", arguments=_person(REP), allowed=ADMINS | PARTY),
    Row("accounts:absence-add", "post", _person(REP), ADMINS | PARTY, data=_AWAY),
    Row("accounts:absence-remove", "post", _pk("absence"), ADMINS | PARTY),
    Row("accounts:second-factor"),
    Row("accounts:tokens"),
    Row("accounts:token-create", "post"),
    Row("accounts:token-revoke", "post", lambda world: {"token_key": "0123456789abcde"}, frozenset(), 404),
    Row("accounts:members"),
    Row("exports:people", arguments=_CSV),
    Row("accounts:member-invite", allowed=ADMINS),
    Row("accounts:member-invite", "post", allowed=ADMINS),
    Row("accounts:member-edit", arguments=_person(REP), allowed=ADMINS),
    Row("accounts:member-edit", "post", _person(REP), ADMINS),
    Row("accounts:member-deactivate", "post", _person(REP), ADMINS),
    Row("accounts:member-activate", "post", _person(REP), ADMINS),
    Row("accounts:member-end-sessions", "post", _person(MARKETER), ADMINS | {MARKETER}),
    Row("accounts:invitation-resend", "post", lambda world: {"pk": world.invitation.user_id}, ADMINS),
    Row("accounts:invitation-withdraw", "post", lambda world: {"pk": world.invitation.user_id}, ADMINS),
    Row("accounts:teams"),
    Row("accounts:team-new", allowed=ADMINS),
    Row("accounts:team-new", "post", allowed=ADMINS),
    Row("accounts:team-edit", arguments=lambda world: {"pk": world.people[REP].team_id}, allowed=ADMINS),
    Row("accounts:team-edit", "post", lambda world: {"pk": world.people[REP].team_id}, ADMINS),
    Row("accounts:team-remove", "post", lambda world: {"pk": world.people[REP].team_id}, ADMINS),
    Row("accounts:company-days"),
    Row("accounts:company-days", "post", allowed=ADMINS),
    Row("accounts:company-day-remove", "post", _pk("company_day"), ADMINS),
    Row("exports:list", allowed=ADMINS),
    Row("exports:export", arguments=_CSV, allowed=ADMINS),
    Row("accounts:organisation", allowed=ADMINS),
    Row("accounts:organisation", "post", allowed=ADMINS),
)

API_ROWS = (
    Row("handoff-api:leads"),
    Row("handoff-api:leads", "post", allowed=SUBMITTERS),
    Row("handoff-api:leads-batch", "post", allowed=SUBMITTERS, data={"items": [{"full_name": "Hanako"}]}),
    Row("handoff-api:handoffs"),
    Row("handoff-api:handoff", arguments=_pk("handoff")),
    Row("handoff-api:accept", "post", _pk("handoff"), PARTY),
    Row("handoff-api:reject", "post", _pk("handoff"), PARTY, data={"reason": "timing"}),
    Row("handoff-api:withdraw", "post", _pk("handoff"), SUBMITTERS),
    Row("leads-api:lead", arguments=_pk("lead")),
    Row("leads-api:lead", "patch", _pk("lead"), data={"note": "Call in the morning."}),
    Row("leads-api:touches-batch", "post", allowed=SUBMITTERS, data={"items": [{"kind": "mail", "lead": {"id": 1}}]}),
    Row("leads-api:lead-deals", "post", _pk("sold"), PARTY, data={"name": "Press"}),
    Row("leads-api:custom-fields"),
    Row("leads-api:touch-kinds"),
    Row("leads-api:definitions"),
    Row("leads-api:definition", arguments=_number("draft")),
    Row("leads-api:deals"),
    Row("leads-api:deal", arguments=_pk("deal")),
    Row("leads-api:deal-win", "post", _pk("deal"), PARTY, data={"reason": "product"}),
    Row("leads-api:deal-lose", "post", _pk("deal"), PARTY, data={"reason": "price"}),
    Row("leads-api:deal", "put", _pk("deal"), PARTY, data={"name": "Press"}),
    Row("schema"),
    Row("api-docs"),
    Row("reviews-api:kpis"),
    Row("reviews-api:kpi-rows", arguments=_KPI),
)

SINGLE_SIGN_ON_ROWS = (
    Row("socialaccount_login_cancelled", public=True),
    Row("socialaccount_login_error", allowed=frozenset(), refused=401),
    Row("socialaccount_signup", public=True, allowed=frozenset(), refused="sign in"),
    Row("socialaccount_signup", "post", public=True, allowed=frozenset(), refused="sign in"),
    Row("socialaccount_connections"),
    Row("socialaccount_connections", "post"),
    Row("openid_connect_login", "get", _SIGN_ON, frozenset(), 404, public=True),  # no provider is set up in the tests
    Row("openid_connect_login", "post", _SIGN_ON, frozenset(), 404, public=True),
    Row("openid_connect_callback", "get", _SIGN_ON, frozenset(), 404, public=True),
)
"""Mounted where a provider is configured."""
