"""Forms are written, published and closed by those who may; what was agreed to stays as it was worded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from django.db import InternalError, transaction
from django.test import Client
from django.urls import reverse

from alignment.accounts.models import User
from alignment.kernel.errors import DomainError, InvalidInput, NotAllowed
from leads.models import CaptureForm, ConsentText
from leads.rules.capture_forms import Asked, FormState, origins, page_of
from leads.selectors.capture_forms import acting_for
from leads.services import capture_forms
from leads.services.capture_forms import FormData, FormTexts
from tests import factories

TEXTS = {
    "ja": FormTexts("カタログ請求", "お送りします。", "送りました。", "回答に使います。"),
    "en": FormTexts("Catalogue", "We send it.", "It is on its way.", "We use it to answer you."),
}
ASKED = [Asked("email", required=True), Asked("full_name", required=False)]
DATA = FormData(name="Catalogue", texts=TEXTS, asked=ASKED, source="web")


def save(actor: User, now: datetime, *, form: CaptureForm | None = None, **changes: Any) -> CaptureForm:
    return capture_forms.save_form(
        form_id=form.pk if form else None, data=replace(DATA, **changes), actor=actor, now=now
    )


def test_a_form_keeps_its_questions_in_order_and_the_languages_of_its_titles(mai: User, now: datetime) -> None:
    form = save(mai, now, texts={"en": TEXTS["en"]}, origins="https://WWW.example.com/shop\nhttps://例え.jp\n")

    form.refresh_from_db()
    assert form.asked == ASKED
    assert form.languages == ("en",)
    assert form.origins == ["https://www.example.com", "https://xn--r8jz45g.jp"]
    assert (form.version, form.state(now.date())) == (1, FormState.DRAFT)


def test_a_changed_consent_text_is_a_new_version_and_the_old_one_stays(mai: User, now: datetime) -> None:
    form = save(mai, now)
    other = TEXTS | {"ja": replace(TEXTS["ja"], consent="配信にも使います。")}

    save(mai, now, form=form, name="Renamed")  # nothing of what is agreed to
    save(mai, now, form=form, texts=other)

    found = list(form.consent_texts.order_by("number").values_list("number", "text_ja"))
    assert found == [(1, "回答に使います。"), (2, "配信にも使います。")]
    form.refresh_from_db()
    assert form.version == 3
    with pytest.raises(InternalError, match="pgtrigger: Cannot"), transaction.atomic():
        ConsentText.objects.filter(number=1).update(text_ja="もっと使います。")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"source": ""}, "source"),
        ({"touch_kind": "dance"}, "touch_kind"),
        ({"asked": [Asked("full_name", required=True)]}, "fields"),
        ({"asked": [Asked("email", required=False)]}, "fields"),
        ({"asked": [*ASKED, Asked("password", required=True)]}, "fields"),
        ({"asked": [*ASKED, *ASKED]}, "fields"),
        ({"texts": {}}, "title_ja"),
        ({"texts": {"en": FormTexts("Only a title")}}, "consent_en"),
        ({"texts": TEXTS | {"ja": FormTexts("", "no title")}}, "title_ja"),
        ({"texts": {"en": replace(TEXTS["en"], intro="a\u202eb")}}, "intro_en"),
        ({"redirect_url": "http://example.com/"}, "redirect_url"),
        ({"redirect_url": "javascript:alert(1)"}, "redirect_url"),
        ({"redirect_url": "https://user@example.com/"}, "redirect_url"),
        ({"policy_url": "//example.com"}, "policy_url"),
        ({"origins": "https://a.example; script-src *"}, "origins"),
        ({"origins": "*"}, "origins"),
        ({"origins": "http://a.example"}, "origins"),
        ({"opens_on": date(2026, 5, 2), "closes_on": date(2026, 5, 1)}, "closes_on"),
    ],
)
def test_what_no_form_can_be_is_refused_by_its_field(
    mai: User, now: datetime, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        save(mai, now, **changes)

    assert refused.value.field == field
    assert not CaptureForm.objects.exists()


def test_sites_on_this_machine_may_be_named_for_trying() -> None:
    assert origins("http://localhost:8080", field="origins") == ["http://localhost:8080"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://a.example/x?token=1#y", "https://a.example/x"),
        ("http://A.example:8080/", "http://a.example:8080/"),
        ("javascript:alert(1)", ""),
        ("https://me:secret@a.example/", ""),
        ("https://[", ""),
        ("not an address", ""),
    ],
)
def test_of_a_page_no_more_is_kept_than_where_it_is(given: str, kept: str) -> None:
    assert page_of(given) == kept


def test_a_form_is_published_closed_and_opened_again(mai: User, aoi: User, now: datetime) -> None:
    form = save(mai, now)
    with pytest.raises(DomainError) as never_open:
        capture_forms.close(form_id=form.pk, actor=mai, now=now)

    form = capture_forms.publish(form_id=form.pk, actor=mai, now=now)
    assert (form.state(now.date()), form.published_by) == (FormState.OPEN, mai)
    form = capture_forms.close(form_id=form.pk, actor=mai, now=now)
    assert form.state(now.date()) == FormState.CLOSED
    form = capture_forms.publish(form_id=form.pk, actor=aoi, now=now)

    assert never_open.value.code == "not_published"
    assert (form.state(now.date()), form.published_by) == (FormState.OPEN, aoi)
    written_by = form.history.order_by("pgh_id").values_list("published_by", "closed_at")
    assert list(written_by) == [(None, None), (mai.pk, None), (mai.pk, now), (aoi.pk, None)]


def test_both_days_of_its_period_are_open(mai: User, now: datetime) -> None:
    form = factories.capture_form(opens_on=date(2026, 4, 1), closes_on=date(2026, 4, 2))

    states = [form.state(date(2026, month, day)) for month, day in ((3, 31), (4, 1), (4, 2), (4, 3))]

    assert states == [FormState.SCHEDULED, FormState.OPEN, FormState.OPEN, FormState.ENDED]


def test_a_rep_may_neither_write_nor_publish_nor_close(ren: User, mai: User, now: datetime) -> None:
    form = capture_forms.publish(form_id=save(mai, now).pk, actor=mai, now=now)

    for change in (capture_forms.publish, capture_forms.close):
        with pytest.raises(NotAllowed):
            change(form_id=form.pk, actor=ren, now=now)
    with pytest.raises(NotAllowed):
        save(ren, now, form=form)


def test_a_manager_of_sales_may_write_but_lends_it_no_name(sora: User, now: datetime) -> None:
    form = save(sora, now)

    with pytest.raises(NotAllowed):
        capture_forms.publish(form_id=form.pk, actor=sora, now=now)


def test_when_its_publisher_has_left_it_goes_on_in_the_name_of_marketings_manager(
    mai: User, sora: User, kei: User, aoi: User
) -> None:
    form = factories.capture_form(created_by=mai)
    assert acting_for(form) == mai

    User.objects.filter(pk=mai.pk).update(is_active=False)
    assert acting_for(CaptureForm.objects.get()) == aoi
    User.objects.filter(pk=aoi.pk).update(is_active=False)
    assert acting_for(CaptureForm.objects.get()) == kei


def test_a_form_is_written_on_its_page(signed_in: Callable[[User], Client], mai: User) -> None:
    sent = {"name": "Catalogue", "source": "web", "touch_kind": "download", "title_en": "Catalogue"}
    sent |= {"consent_en": "We answer.", "ask_email": "required", "place_email": "2"}
    sent |= {"ask_phone": "optional", "place_phone": "1"}
    client = signed_in(mai)

    refused = client.post(reverse("leads:form-new"), sent | {"consent_en": "", "origins": "nonsense"})
    done = client.post(reverse("leads:form-new"), sent)

    assert refused.status_code == 422
    assert "What people agree to" in refused.text
    form = CaptureForm.objects.get()
    assert done.headers["Location"] == reverse("leads:form-detail", args=[form.pk])
    assert form.asked == [Asked("phone", required=False), Asked("email", required=True)]
    opened = client.get(reverse("leads:form-edit", args=[form.pk])).text
    assert "We answer." in opened
    assert opened.index("Ask for “Phone”") < opened.index("Ask for “E-mail address”")


def test_its_page_shows_link_and_snippet_once_it_is_published(
    signed_in: Callable[[User], Client], ren: User, mai: User
) -> None:
    form = factories.capture_form(created_by=mai, title_en='Say "hi"', origins=["https://a.example"])

    page = signed_in(ren).get(reverse("leads:form-detail", args=[form.pk]))

    assert f"http://testserver/f/{form.key}/" in page.text
    assert f"&lt;iframe src=&quot;http://testserver/f/{form.key}/embed/&quot;" in page.text
    assert "title=&quot;Say &amp;quot;hi&amp;quot;&quot;" in page.text
    assert reverse("leads:form-close", args=[form.pk]) not in page.text  # a rep only looks
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]


def test_a_draft_is_looked_at_in_the_preview_and_framed_only_by_us(
    signed_in: Callable[[User], Client], mai: User, now: datetime
) -> None:
    form = save(mai, now)

    page = signed_in(mai).get(reverse("leads:form-preview", args=[form.pk]), {"show_in": "ja"})

    assert "カタログ請求" in page.text
    assert 'type="submit">' not in page.text
    assert page.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in page.headers["Content-Security-Policy"]
