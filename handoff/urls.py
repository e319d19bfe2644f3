"""Pages of the handoff. Mounted before those of the leads: ``leads/new/`` is one of ours."""

from __future__ import annotations

from django.urls import path

from handoff.views import activities, agreements, decisions, handoffs, inbox, public_forms, submission

app_name = "handoff"

urlpatterns = [
    path("f/<slug:key>/", public_forms.page, name="form-page"),
    path("f/<slug:key>/thanks/", public_forms.thanks, name="form-thanks"),
    path("f/<slug:key>/embed/", public_forms.embed, name="form-embed"),
    path("f/<slug:key>/embed/thanks/", public_forms.embed_thanks, name="form-embed-thanks"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/export/<slug:kind>/", inbox.export, name="inbox-export"),
    path("handoffs/", handoffs.listing, name="list"),
    path("handoffs/export/<slug:kind>/", handoffs.export, name="export"),
    path("handoffs/waiting/", submission.waiting, name="waiting"),
    path("handoffs/waiting/export/<slug:kind>/", submission.waiting_export, name="waiting-export"),
    path("handoffs/waiting/hand-over/", submission.hand_over_many, name="hand-over-many"),
    path("handoffs/of-lead/<int:lead_pk>/", handoffs.panel, name="panel"),
    path("handoffs/<int:pk>/", handoffs.detail, name="detail"),
    path("handoffs/<int:pk>/accept/", decisions.accept, name="accept"),
    path("handoffs/<int:pk>/reject/", decisions.reject, name="reject"),
    path("handoffs/<int:pk>/withdraw/", decisions.withdraw, name="withdraw"),
    path("leads/new/", submission.submit, name="submit"),
    path("leads/<int:lead_pk>/submitted/", submission.submitted, name="submitted"),
    path("leads/<int:lead_pk>/hand-over/", submission.hand_over, name="hand-over"),
    path("leads/<int:lead_pk>/activities/", activities.record, name="activity-record"),
    path("handoffs/rules/", agreements.overview, name="agreements"),
    path("handoffs/rules/routing/new/", agreements.rule, name="rule-add"),
    path("handoffs/rules/routing/on/<slug:key>/", agreements.rules_on_field, name="rules-on-field"),
    path("handoffs/rules/routing/<int:pk>/", agreements.rule, name="rule"),
    path("handoffs/rules/routing/<int:pk>/switch/", agreements.switch_rule, name="rule-switch"),
    path("handoffs/rules/reasons/<slug:code>/", agreements.reason, name="reason"),
    path("handoffs/rules/times/<slug:duty>/", agreements.policy, name="policy"),
]
