"""Files on their way in: bring, say which column is what, check, take, see what came of it."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alignment.accounts.policies import Permission
from alignment.accounts.requests import PersonRequest
from alignment.kernel import htmx, tables, textio
from alignment.kernel.errors import DomainError, InvalidInput
from leads.forms.imports import BringForm, ColumnsForm
from leads.forms.readings import ENCODINGS
from leads.models import ImportJob
from leads.rules.matching import Rule
from leads.selectors import imports as selectors
from leads.services.importing import jobs

PAGE = 25
State = ImportJob.State


@require_GET
def listing(request: PersonRequest) -> HttpResponse:
    """What was brought in, newest first."""
    request.user.require(Permission.IMPORT_RECORDS)
    page = Paginator(selectors.jobs(), PAGE).get_page(request.GET.get("page"))
    return render(request, "leads/imports/list.html", {"page": page})


@require_http_methods(["GET", "POST"])
def new(request: PersonRequest) -> HttpResponse:
    """Bring a file."""
    request.user.require(Permission.IMPORT_RECORDS)
    form = BringForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        kind = form.cleaned_data["kind"]
        try:
            file, name = form.content()
            job = jobs.start(kind=kind, file=file, file_name=name, actor=request.user, now=timezone.now())
        except DomainError as error:
            form.refuse(error)
        else:
            return htmx.redirect(request, "leads:import-columns", job.pk)
    return render(request, "leads/imports/new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def columns(request: PersonRequest, pk: int) -> HttpResponse:
    """Which column is which field; POST has the whole file checked."""
    request.user.require(Permission.IMPORT_RECORDS)
    job = selectors.job(pk)
    if job.state not in (State.DRAFT, State.CHECKED) or job.actor_id != request.user.pk:
        return htmx.redirect(request, "leads:import-detail", job.pk)
    try:
        outline = jobs.outline(job, given=_given(request, job))
    except InvalidInput as fault:
        context = {
            "job": job,
            "fault": fault.message,
            "encodings": list(ENCODINGS.items()) if fault.field == "encoding" else [],
            "fault_is_of_choice": "read_anew" in request.POST,
        }
        return render(request, "leads/imports/unreadable.html", context, status=422)
    data = None if "read_anew" in request.POST else request.POST or None  # other characters, other columns
    form = ColumnsForm(data, job=job, proposals=outline.columns, understanding=outline.understanding)
    if "read_anew" in request.POST:
        form.initial = {**form.initial, **{key: request.POST.get(key, "") for key in ("system", "known_leads", "keep")}}
    if data and form.is_valid():
        now = timezone.now()
        try:
            jobs.set_up(job_id=pk, mapping=form.mapping(), actor=request.user, now=now)
            jobs.check(job_id=pk, actor=request.user, now=now)
        except DomainError as error:
            form.refuse(error)
        else:
            return htmx.redirect(request, "leads:import-detail", pk)
    page: dict[str, Any] = {"job": job, "form": form, "outline": outline}
    return render(request, "leads/imports/columns.html", page, status=422 if form.errors else 200)


@require_GET
def detail(request: PersonRequest, pk: int) -> HttpResponse:
    """How far it is, and what comes or came of every row; asks again by itself while somebody works on it."""
    request.user.require(Permission.IMPORT_RECORDS)
    job = selectors.job(pk)
    context: dict[str, Any] = {
        "job": job,
        "is_at_work": job.state in ImportJob.AT_WORK,
        "problems": [] if job.state in ImportJob.AT_WORK else selectors.problems(job),
        "is_mine": job.actor_id == request.user.pk,
        "does_something": bool(job.counts.get("created") or job.counts.get("updated")),
        "may_undo": _may_undo(request, job),
        "undo_until": job.finished_at + ImportJob.UNDO_FOR if job.finished_at else None,
        "known_rule": Rule(job.mapping.get("known_leads", Rule.FILL)).label if job.kind == "leads" else "",
        "made_url": f"{reverse('leads:list')}?brought_by={job.pk}" if _has_leads(job) else "",
    }
    template = "leads/imports/_job.html" if htmx.wants_partial(request) else "leads/imports/detail.html"
    return render(request, template, context)


@require_POST
def run(request: PersonRequest, pk: int) -> HttpResponse:
    """Take what was checked."""
    jobs.run(job_id=pk, actor=request.user, now=timezone.now())
    return htmx.redirect(request, "leads:import-detail", pk)


@require_POST
def cancel(request: PersonRequest, pk: int) -> HttpResponse:
    """Stop it, or drop what has not begun."""
    was_running = selectors.job(pk).state == State.RUNNING
    jobs.cancel(job_id=pk, actor=request.user, now=timezone.now())
    text = _("Stopped. What was taken already stays.") if was_running else _("Stopped. Nothing was taken.")
    messages.success(request, text)
    return htmx.redirect(request, "leads:import-detail", pk)


@require_http_methods(["GET", "POST"])
def undo(request: PersonRequest, pk: int) -> HttpResponse:
    """What taking an import back would do, and what stays; POST does it."""
    request.user.require(Permission.IMPORT_RECORDS)
    job = selectors.job(pk)
    if request.method == "POST":
        jobs.undo(job_id=pk, actor=request.user, now=timezone.now())
        return htmx.redirect(request, "leads:import-detail", pk)
    if not _may_undo(request, job):
        return htmx.redirect(request, "leads:import-detail", pk)
    return render(request, "leads/imports/undo.html", {"job": job, "undo": selectors.undo_of(job)})


@require_GET
def refused(request: PersonRequest, pk: int) -> StreamingHttpResponse:
    """The rows that were not taken, as a file to be mended and brought again: reason first, then the columns."""
    request.user.require(Permission.IMPORT_RECORDS)
    job = selectors.job(pk)
    body = ([f"{row}: {message}", *cells] for row, message, cells in selectors.refused_rows(job))
    response = StreamingHttpResponse(
        textio.lines([_("Reason"), *job.headers], body), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="import-{job.pk}-refused.csv"'
    return response


def _may_undo(request: PersonRequest, job: ImportJob) -> bool:
    is_open = job.is_undoable(now=timezone.now()) and bool(job.counts.get("created") or job.counts.get("updated"))
    return is_open and jobs.may_undo(job, actor=request.user)


def _has_leads(job: ImportJob) -> bool:
    return job.kind == "leads" and job.state != State.CHECKED and bool(job.counts.get("created"))


def _given(request: HttpRequest, job: ImportJob) -> tables.Given:
    """How the person chose last to have the file read; what they left open is left to us. Another sheet has another
    header. Raises ``InvalidInput``."""
    asked: Any = request.POST or {**job.mapping, **request.GET.dict()}
    tree: dict[str, Any] = {key: value for key in tables.Given.KEYS if (value := asked.get(key))}
    if request.POST and request.POST.get("sheet") != request.POST.get("sheet_was", request.POST.get("sheet")):
        tree.pop("header_row", None)
    if re.fullmatch("[0-9]{1,9}", str(tree.get("header_row"))):
        tree["header_row"] = int(tree["header_row"])
    return tables.Given.from_json(tree)
