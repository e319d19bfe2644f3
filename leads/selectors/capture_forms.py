"""Forms for visitors, what came of them, and what stands on other sites to show them there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import escape
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from alignment.accounts.models import Organisation, User
from alignment.accounts.policies import Permission
from alignment.accounts.roles import Role, Side
from alignment.kernel import formats
from alignment.kernel.errors import NotFound
from leads.models import CaptureForm, ConsentText, FormSubmission, Lead
from leads.rules.capture_forms import QUESTIONS
from leads.rules.fields import Fields
from leads.rules.sentences import say_fact
from leads.selectors.custom_fields import known
from leads.selectors.leads import Fact, phone_words

UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
SCRIPT = "js/form-embed.js"
_FRAME = (
    '<iframe src="{address}" title="{title}" data-alignment-form '
    'style="width:100%;height:{height}px;border:0"></iframe>'
)
_HEIGHT = 300
_HEIGHT_OF_QUESTION = 90


def forms() -> QuerySet[Any]:
    """All forms with the number of their submissions, of the leads behind them and of those that qualified."""
    person = Coalesce("submissions__lead__merged_into", "submissions__lead")
    qualified = Q(submissions__lead__qualified_at__isnull=False)
    mql = Count(person, distinct=True, filter=qualified | Q(submissions__lead__merged_into__qualified_at__isnull=False))
    found = CaptureForm.objects.select_related("campaign", "published_by")
    counted = found.annotate(
        submission_count=Count("submissions"), lead_count=Count(person, distinct=True), mql_count=mql
    )
    return counted.order_by("-pk")


def form(pk: int) -> Any:
    """One form with the same numbers; raises ``NotFound``."""
    found = forms().filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such form."))
    return found


def public_form(key: str) -> CaptureForm | None:
    """The form with this key in its address; None where there is none."""
    return CaptureForm.objects.select_related("campaign", "published_by").filter(key=key).first()


def consent_of(form: CaptureForm, number: int | None = None) -> ConsentText | None:
    """What visitors agree to now, or the version with this number."""
    texts = form.consent_texts.order_by("-number")
    return (texts if number is None else texts.filter(number=number)).first()


def acting_for(form: CaptureForm) -> User | None:
    """In whose name a form takes leads in, because nobody is signed in: who published it.

    Where they have left or may do this no longer, no lead gets lost: then a manager of marketing, else an admin.
    None where nobody may.
    """
    if form.published_by is None or form.published_by.may(Permission.SUBMIT_LEAD):
        return form.published_by
    rank = Case(When(role=Role.MANAGER, then=Value(0)), default=Value(1), output_field=IntegerField())
    others = User.objects.active().filter(Q(role=Role.MANAGER, side=Side.MARKETING) | Q(role=Role.ADMIN))
    return others.order_by(rank, "pk").first()


def submissions(form: CaptureForm) -> QuerySet[FormSubmission]:
    """What was sent by this form, newest first."""
    return form.submissions.select_related("lead", "consent_text").order_by("-at", "-pk")


def submission(pk: int) -> FormSubmission:
    """One filled-in form; raises ``NotFound``."""
    found = FormSubmission.objects.select_related("form", "lead", "consent_text").filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such submission."))
    return found


def answers_of(submission: FormSubmission) -> list[Fact]:
    """What the visitor wrote, in the order of our fields, then of the admins'; blanks are left out."""
    fields = known().custom
    given = [(name, submission.answers.get(name)) for name in (*QUESTIONS, *fields)]
    return [
        Fact(question_label(name, fields), _answer(name, value, fields))
        for name, value in given
        if value not in (None, "")
    ]


def question_label(name: str, fields: Fields) -> str:
    """What a question is called in the active language."""
    return str(QUESTIONS[name].label if name in QUESTIONS else fields[name].label)


def _answer(name: str, value: Any, fields: Fields) -> str:
    if name in fields:
        return say_fact(fields[name], value)
    return phone_words(str(value)) if name == "phone" else str(value)


def origin_of(submission: FormSubmission) -> list[Fact]:
    """Where the visitor came from; blanks are left out."""
    named = {name: getattr(submission, name) for name in (*UTM, "landing_page", "referrer")}
    labels = {"landing_page": capfirst(_("landing page")), "referrer": _("Page before it")}
    return [Fact(labels.get(name, name), value) for name, value in named.items() if value]


def utm_words(submission: FormSubmission) -> str:
    """The parameters of a campaign link in one line: source / medium / campaign."""
    return " / ".join(filter(None, (getattr(submission, name) for name in UTM)))


def consent_words(submission: FormSubmission) -> str:
    """What was agreed to, when."""
    words = {"number": submission.consent_text.number, "at": formats.datetime(submission.at)}
    return _("Agreed to version %(number)s on %(at)s") % words


def facts_of_lead(lead: Lead) -> list[Fact]:
    """What the latest form that this person sent says of consent and origin (one query)."""
    latest = lead.form_submissions.select_related("form", "consent_text").order_by("-at", "-pk").first()
    if latest is None:
        return []
    url = reverse("leads:form-submission", args=[latest.pk])
    return [
        Fact(_("Consent"), consent_words(latest), note=latest.form.name, url=url),
        *([Fact(_("Campaign link (UTM)"), utm_words(latest))] if utm_words(latest) else []),
        *([Fact(_("Page before it"), latest.referrer)] if latest.referrer else []),
    ]


def page_context(
    form: CaptureForm | None, organisation: Organisation, language: str, consent: ConsentText | None
) -> dict[str, Any]:
    """What every page for visitors shows, in one of the languages of its form."""
    context: dict[str, Any] = {"company": organisation.name, "language": language, "capture_form": form}
    if form is not None:
        context |= {part: getattr(form, f"{part}_{language}") for part in ("title", "intro", "thanks")}
        context["promise"] = form.campaign.promise if form.campaign and form.shows_promise else ""
        context["languages"] = form.languages
    if consent is not None:
        context |= {"consent": consent, "consent_text": consent.text(language)}
    return context


@dataclass(frozen=True)
class Placement:
    """Where a form is found: its own address, and what to paste into another site."""

    address: str
    snippet: str


def placement_of(form: CaptureForm, *, language: str) -> Placement:
    """The public address of a form and its snippet; the frame is titled in ``language`` where the form speaks it."""
    spoken: Sequence[str] = form.languages
    title = getattr(form, f"title_{language if language in spoken else spoken[0]}")
    page, frame = (settings.SITE_URL + reverse(f"handoff:form-{name}", args=[form.key]) for name in ("page", "embed"))
    height = _HEIGHT + _HEIGHT_OF_QUESTION * len(form.fields)
    tag = _FRAME.format(address=frame, title=escape(title), height=height)
    script = f'<script src="{_absolute(static(SCRIPT))}" async></script>'
    return Placement(address=page, snippet=f"{tag}\n{script}")


def _absolute(path: str) -> str:
    return settings.SITE_URL + path
