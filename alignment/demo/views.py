"""Enter as one of the demo people, and read the mails that left. Outside the demo there is nothing here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec

import structlog
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from alignment.accounts.models import User
from alignment.demo.people import ROLES
from alignment.kernel.inputs import search_words
from alignment.outbox import mails
from alignment.outbox.models import Notice, NoticeState

log = structlog.get_logger(__name__)

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
PAGE = 25
SEARCHED = 200


@dataclass(frozen=True)
class Letter:
    """A line of the mailbox; a mail gets its subject when it leaves, so that of one that waits is made to be shown."""

    notice: Notice
    subject: str


def only_in_demo(view: View[P]) -> View[P]:
    """Answer 404 where this is no demo."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@login_not_required
@require_POST
@only_in_demo
def enter(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the five demo people, and as nobody else."""
    email = request.POST.get("email", "")
    if email not in {role.email for role in ROLES}:
        raise Http404
    login(request, get_object_or_404(User.objects.active(), email=email), backend=BACKEND)
    return redirect(settings.LOGIN_REDIRECT_URL)


@require_safe
@only_in_demo
def mailbox(request: HttpRequest) -> HttpResponse:
    """All mails of the demo, newest first; those that still wait are marked."""
    notices = Notice.objects.order_by("-created_at", "-pk")
    if words := search_words(request.GET.get("q", "")):
        kept = Q(to_address__icontains=words) | Q(subject__icontains=words)
        notices = notices.filter(kept | Q(pk__in=_waiting_with(words)))
    page = Paginator(notices, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "letters": [Letter(notice, notice.subject or _as_read(notice).subject) for notice in page],
        "words": words,
        "waiting": NoticeState.PENDING,
    }
    return render(request, "demo/mailbox.html", context)


@require_safe
@only_in_demo
def mail(request: HttpRequest, pk: int) -> HttpResponse:
    """One mail as its reader gets it, links included: what is kept of it has its secrets masked."""
    notice = get_object_or_404(Notice, pk=pk)
    return render(request, "demo/mail.html", {"mail": notice, "words": _as_read(notice)})


def _waiting_with(words: str) -> list[int]:
    """The mails without a kept subject whose subject would hold these words: the newest, since each must be made."""
    unsent = Notice.objects.filter(subject="").order_by("-created_at", "-pk")[:SEARCHED]
    return [notice.pk for notice in unsent if words.casefold() in _as_read(notice).subject.casefold()]


def _as_read(notice: Notice) -> mails.Rendered:
    try:
        return mails.render(notice)
    except Exception as error:  # an old mail whose template has changed is shown as it was kept
        log.warning("mail_not_rendered", notice_id=notice.pk, error=repr(error))
        return mails.Rendered(notice.subject, notice.body, "")
