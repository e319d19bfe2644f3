"""Small things that people read: telephone numbers, amounts, the story of a deal."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from django import forms
from django.utils import translation

from alignment.accounts.models import Organisation, User
from leads.forms.amounts import AmountField
from leads.selectors.deals import amount_words
from leads.selectors.leads import phone_words
from leads.selectors.timeline import timeline
from leads.services import deals
from leads.services.leads import update_lead
from leads.services.touches import add_touch
from tests import factories


@pytest.mark.parametrize(
    ("number", "words"),
    [("+81378554464", "03-7855-4464"), ("+14155550123", "+1 415-555-0123"), ("ext. 12", "ext. 12"), ("", "")],
)
@pytest.mark.django_db
def test_a_number_is_written_as_it_is_dialled_here(number: str, words: str):
    assert phone_words(number) == words


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("1,200", Decimal(1200)),
        ("１２００．５", Decimal("1200.5")),
        ("", None),
        ("￥1,200", Decimal(1200)),
        ("1200 円", Decimal(1200)),
    ],
)
def test_an_amount_is_taken_as_it_is_typed(typed: str, amount: Decimal | None):
    assert AmountField(required=False, max_digits=16).clean(typed) == amount


@pytest.mark.parametrize("typed", ["-1", "many", "1.234"])
def test_an_impossible_amount_is_refused(typed: str):
    with pytest.raises(forms.ValidationError):
        AmountField(max_digits=16).clean(typed)


@pytest.mark.parametrize(
    ("amount", "shown"), [(Decimal("1200.00"), "1200"), (Decimal("1200.50"), "1200.5"), (Decimal(0), "0"), ("1x", "1x")]
)
def test_an_amount_is_shown_without_empty_decimals(amount: Decimal | str, shown: str):
    assert str(AmountField(max_digits=16).prepare_value(amount)) == shown


def test_amounts_carry_their_unit():
    with translation.override("en"):
        assert amount_words(Decimal("1200000.00"), currency="JPY") == "1,200,000 JPY"
        assert amount_words(None, currency="JPY") == ""


@pytest.mark.django_db
def test_the_story_mixes_everything_newest_first(ren: User, mai: User, now: datetime):
    lead = factories.lead(stage="with_sales", owner=ren, source="web", captured_at=now)
    deal = deals.open_deal(
        lead_id=lead.pk, name="Line", amount=100, expected_on=None, product="", actor=ren, now=now.replace(hour=11)
    )
    facts = {"name": "Line", "amount": 90, "expected_on": None, "product": ""}
    deals.update_deal(deal_id=deal.pk, actor=ren, now=now.replace(hour=12), **facts)
    deals.lose_deal(deal_id=deal.pk, reason="price", comment="Too dear", actor=ren, now=now.replace(hour=13))
    add_touch(lead_id=lead.pk, kind="seminar", at=None, detail="Spring", actor=mai, now=now.replace(hour=14))
    update_lead(lead_id=lead.pk, facts={"source": "fair"}, seen=None, actor=mai, now=now.replace(hour=15))

    with translation.override("en"):
        story = [(item.title, item.text, item.side) for item in timeline(lead)]
        kinds = {kind: len(timeline(lead, kind=kind)) for kind in ("touches", "activities", "deals", "changes")}

    assert story == [
        ("Updated", "Source: web → fair", "marketing"),
        ("Seminar", "Spring", "marketing"),
        ("Deal lost: Line", "price · Too dear", "sales"),
        ("Deal changed: Line", "Amount: 100 → 90", "sales"),
        ("Deal opened: Line", "100 JPY", "sales"),
    ]
    assert kinds == {"touches": 1, "activities": 0, "deals": 3, "changes": 1}


def test_cents_are_said_where_the_currency_has_them(ren: User, now: datetime):
    Organisation.get()
    Organisation.objects.update(currency="USD")
    lead = factories.lead(stage="with_sales", owner=ren)
    deal = factories.deal(lead=lead, name="Line", amount=Decimal("1234.56"), owner=ren)
    facts = {"name": "Line", "amount": Decimal("1234.99"), "expected_on": None, "product": ""}
    deals.update_deal(deal_id=deal.pk, actor=ren, now=now, **facts)

    with translation.override("en"):
        assert timeline(lead, kind="deals")[0].text == "Amount: 1,234.56 → 1,234.99"
