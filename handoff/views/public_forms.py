"""The pages of a capture form for visitors: nobody signs in, and no cookie is set or read.

The POST is exempt from Django's check of forged requests, because that check needs a cookie, which browsers block in a
frame of another site. What it protects from is a stranger's page that acts with the rights of whoever looks at it; here
nobody's rights are used (see ``leads.forms.public_forms.Ticket``).
"""

from __future__ import annotations

from datetime import datetime
from math import ceil
from typing import Any, cast

from allauth.account.adapter import get_adapter
from csp.constants import SELF
from csp.decorators import csp_replace
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from alignment.accounts.models import Organisation
from alignment.kernel.errors import InvalidInput
from handoff.services.form_submissions import submit_form
from leads.forms.public_forms import ORIGIN, PublicForm, Ticket
from leads.models import CaptureForm
from leads.rules.capture_forms import FormState, origin_of
from leads.selectors.capture_forms import consent_of, page_context, public_form
from leads.services.capture_forms import count_bot
from leads.services.form_limits import wait_before_sending
from leads.services.form_submissions import FormIsClosed

LARGEST = 64 * 1024
"""Bytes of a filled-in form: several times what all its fields may hold."""
LANGUAGE, SHOW_IN = "lang", "show_in"


@login_not_required
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, key: str) -> HttpResponse:
    """A form at its own address: shown, checked, taken in."""
    return _Visit(request, key, is_embedded=False).answer()


@login_not_required
@csrf_exempt
@never_cache
@xframe_options_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def embed(request: HttpRequest, key: str) -> HttpResponse:
    """The same in a frame of the sites that the form names, and of no other."""
    return _Visit(request, key, is_embedded=True).answer()


@login_not_required
@never_cache
@require_safe
def thanks(request: HttpRequest, key: str) -> HttpResponse:
    """What a visitor reads who has sent it."""
    return _Visit(request, key, is_embedded=False).thanks()


@login_not_required
@never_cache
@xframe_options_exempt
@require_safe
def embed_thanks(request: HttpRequest, key: str) -> HttpResponse:
    """The same in a frame."""
    return _Visit(request, key, is_embedded=True).thanks()


class _Visit:
    """One request of a visitor for one form."""

    def __init__(self, request: HttpRequest, key: str, *, is_embedded: bool) -> None:
        self.request, self.is_embedded = request, is_embedded
        self.form = public_form(key)
        self.now: datetime = timezone.now()
        self.organisation = Organisation.get()
        if self.form is not None and self.form.published_at is None:
            self.form = None  # a draft is nobody's business
        self.is_too_large = int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST
        self.language = self._speak()

    # -- what it is answered ----------------------------------------------------------------------------------------

    def answer(self) -> HttpResponse:
        if self.form is None:
            return self._closed(_("There is no form at this address"), "", status=404)
        if self.is_too_large:
            return self._closed(_("This is too much"), _("Go back, write less, and send it again."), status=413)
        state = self.form.state(timezone.localdate(self.now, self.organisation.zone))
        if state == FormState.SCHEDULED:
            return self._closed(_("This form is not open yet"), _("Please come back later."), status=404)
        if state != FormState.OPEN:
            return self._over()
        return self._sent(self.form) if self.request.method == "POST" else self._fresh(self.form)

    def thanks(self) -> HttpResponse:
        if self.form is None:
            return self._closed(_("There is no form at this address"), "", status=404)
        return self._page("thanks", {})

    def _fresh(self, form: CaptureForm) -> HttpResponse:
        """The empty form; where the visitor comes from stands in the address, else in the referrer."""
        before = self.request.headers.get("Referer", "")
        here = self.request.build_absolute_uri(self.request.path)
        came = (
            {"landing_page": before, "referrer": ""} if self.is_embedded else {"landing_page": here, "referrer": before}
        )
        came |= {name: self.request.GET[name] for name in ORIGIN if name in self.request.GET}
        return self._form(form, came, self._new_ticket(form))

    def _sent(self, form: CaptureForm) -> HttpResponse:
        given = self.request.POST
        ticket = Ticket.read(given.get("ticket", ""), form=form, now=self.now)
        if SHOW_IN in given:
            return self._form(form, _kept(given), ticket or self._new_ticket(form))
        wait = wait_before_sending(form_id=form.pk, address=self._address(), now=self.now)
        if wait:
            seconds = ceil(wait.total_seconds())
            words = ngettext(
                "This form is being sent very often just now. Wait %(n)d second, then send it again.",
                "This form is being sent very often just now. Wait %(n)d seconds, then send it again.",
                seconds,
            )
            busy = self._form(form, _kept(given), ticket or self._new_ticket(form), words % {"n": seconds}, status=429)
            busy["Retry-After"] = str(seconds)
            return busy
        if ticket is None:
            stale = _("This page was open for a long time. Look over your entries, then send them again.")
            return self._form(form, _kept(given, "consent"), self._new_ticket(form), stale, status=422)
        filled = PublicForm(given, form=form, ticket=ticket)
        if not filled.is_trapped and filled.is_valid() and filled.is_too_fast(now=self.now):
            # It may be somebody whose browser has filled all in: asked again, nobody is lost but a bot.
            hasty = _("This was sent very quickly. Look over your entries, then send them again.")
            return self._form(form, _kept(given), ticket, hasty, status=422)
        return self._taken(form, filled)

    def _taken(self, form: CaptureForm, filled: PublicForm) -> HttpResponse:
        if filled.is_trapped:
            count_bot(form_id=form.pk)
            return self._done(form)
        if not filled.is_valid():
            return self._page("page", {"form": filled}, status=422)
        try:
            submit_form(form_id=form.pk, sent=filled.sent(self.language), now=self.now)
        except FormIsClosed:
            return self._over()
        except InvalidInput as error:
            filled.refuse(error)
            return self._page("page", {"form": filled}, status=422)
        return self._done(form)

    def _done(self, form: CaptureForm) -> HttpResponse:
        """On to the thanks, so that a reload sends nothing again; a bot reads the same."""
        if form.redirect_url and not self.is_embedded:
            return self._with_policy(HttpResponseRedirect(form.redirect_url, status=303))
        name = "handoff:form-embed-thanks" if self.is_embedded else "handoff:form-thanks"
        return HttpResponseRedirect(f"{reverse(name, args=[form.key])}?{LANGUAGE}={self.language}", status=303)

    def _over(self) -> HttpResponse:
        return self._closed(_("This form is closed"), _("It takes nothing any more. Thank you for your interest."), 410)

    # -- how --------------------------------------------------------------------------------------------------------

    def _speak(self) -> str:
        """Choose the visitor's language of those of the form: chosen on the page, else as the browser asks."""
        spoken = self.form.languages if self.form else ()
        post = QueryDict() if self.is_too_large else self.request.POST
        wishes = [post.get(SHOW_IN), post.get("language"), self.request.GET.get(LANGUAGE), translation.get_language()]
        chosen = next((wish for wish in wishes if wish in spoken), None)
        language = chosen or (spoken[0] if spoken else translation.get_language() or "en")
        translation.activate(language)
        self.request.LANGUAGE_CODE = language
        return language

    def _new_ticket(self, form: CaptureForm) -> Ticket:
        consent = consent_of(form)
        assert consent is not None, "a form is saved together with what is agreed to"
        return Ticket.new(consent, now=self.now)

    def _form(
        self, form: CaptureForm, values: dict[str, Any], ticket: Ticket, notice: str = "", *, status: int = 200
    ) -> HttpResponse:
        shown = PublicForm(form=form, ticket=ticket, initial=values | {"ticket": str(ticket)})
        return self._page("page", {"form": shown, "notice": notice}, status=status)

    def _closed(self, title: str, text: str, status: int) -> HttpResponse:
        return self._page("closed", {"heading": title, "text": text}, status=status)

    def _page(self, name: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
        filled = context.get("form")
        consent = consent_of(self.form, filled.given.consent) if self.form is not None and filled is not None else None
        context |= page_context(self.form, self.organisation, self.language, consent)
        context["is_embedded"] = self.is_embedded
        return self._with_policy(
            HttpResponse(render_to_string(f"handoff/public_forms/{name}.html", context), status=status)
        )

    def _with_policy(self, response: HttpResponse) -> HttpResponse:
        """Who may frame it, and where sending it may lead: browsers apply form-action to the redirect as well."""
        policy: dict[str, list[str]] = {}
        if self.form is not None and self.is_embedded:
            policy["frame-ancestors"] = [SELF, *self.form.origins]
        if self.form is not None and self.form.redirect_url:
            policy["form-action"] = [SELF, origin_of(self.form.redirect_url)]
        if not policy:
            return response

        @csp_replace(policy)
        def answered(_request: HttpRequest) -> HttpResponse:
            return response

        return cast(HttpResponse, answered(self.request))

    def _address(self) -> str:
        try:
            return str(get_adapter().get_client_ip(self.request))
        except PermissionDenied:  # nobody knows it: behind a socket without a proxy's header
            return ""


def _kept(given: QueryDict, *without: str) -> dict[str, Any]:
    """What the visitor has typed so far."""
    return {name: value for name, value in given.dict().items() if name not in without}
