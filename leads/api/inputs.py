"""What programs send of leads and touches."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from leads.services.texts import LONG_TEXT

MOST_TOUCHES = 200
KIND_OF_TOUCH = "The key of a kind of touch in use: inquiry, download, seminar, … (admins edit them)."
CUSTOM = (
    "Values of the custom fields by their keys (see custom_fields_list): text, number, a day as 2026-01-05, the value "
    "of a choice, true or false; null: not known. A wrong one is refused with the path custom.<key>. Keys that no "
    "field has are kept as they come. In a change, what is not named stays."
)


def _text(longest: int) -> serializers.CharField:
    return serializers.CharField(required=False, allow_blank=True, max_length=longest, default="")


class TouchInput(serializers.Serializer[Any]):
    kind = serializers.CharField(max_length=20, help_text=KIND_OF_TOUCH)
    at = serializers.DateTimeField(required=False, allow_null=True, default=None, help_text="Default: captured_at.")
    detail = serializers.CharField(required=False, allow_blank=True, max_length=300, default="")


class LeadFactsInput(serializers.Serializer[Any]):
    """The facts of a lead that may be corrected later."""

    full_name = _text(200)
    full_name_kana = _text(200)
    email = _text(254)
    phone = _text(30)
    company_name = _text(200)
    job_title = _text(100)
    department = _text(100)
    source = _text(100)  # type: ignore[assignment]
    landing_page = _text(300)
    campaign = serializers.CharField(
        required=False, allow_blank=True, max_length=200, default="", help_text="The name of a campaign that exists."
    )
    note = _text(LONG_TEXT)
    custom = serializers.DictField(required=False, help_text=CUSTOM)


class LeadInput(LeadFactsInput):
    """At least a name, an e-mail address or a company. ``source_system`` with ``external_id`` makes it idempotent."""

    industry = _text(100)
    prefecture = _text(20)
    employee_count = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=10_000_000, default=None
    )
    captured_at = serializers.DateTimeField(required=False, allow_null=True, default=None, help_text="Default: now.")
    source_system = serializers.CharField(required=False, max_length=50, default="api")
    external_id = serializers.CharField(required=False, allow_null=True, max_length=200, default=None)
    touches = TouchInput(many=True, required=False, max_length=MOST_TOUCHES)  # type: ignore[call-arg]


class LeadChangesInput(LeadFactsInput):
    """The facts to correct; what is not named stays."""

    seen = serializers.DateTimeField(
        required=False,
        allow_null=True,
        default=None,
        help_text="The lead's updated_at when it was read: refused where somebody changed the same fact since.",
    )


class LeadReferenceInput(serializers.Serializer[Any]):
    """A lead by its id, or by where it came from and its id there."""

    id = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=2**63 - 1, default=None)
    source_system = serializers.CharField(required=False, max_length=50, default="api")
    external_id = serializers.CharField(required=False, allow_blank=True, max_length=200, default="")


class NewTouchInput(serializers.Serializer[Any]):
    """Something that a lead did. The same ``external_id`` for the same lead again is the same touch."""

    lead = LeadReferenceInput()
    kind = serializers.CharField(max_length=20, help_text=KIND_OF_TOUCH)
    at = serializers.DateTimeField(required=False, allow_null=True, default=None, help_text="Default: now.")
    detail = serializers.CharField(required=False, allow_blank=True, max_length=300, default="")
    campaign = serializers.CharField(
        required=False, allow_blank=True, max_length=200, default="", help_text="The name of a campaign that exists."
    )
    external_id = serializers.CharField(required=False, allow_null=True, max_length=200, default=None)
