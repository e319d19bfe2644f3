"""Files on their way in: bring, say which column is what, check, take, see what came of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alignment.accounts.policies import Permission
from alignment.accounts.requests import PersonRequest
from alignment.exports.views.answers import answer, answer_rows
from alignment.kernel import htmx, tables
from alignment.kernel.errors import DomainError, InvalidInput
from alignment.kernel.sheets import Kind
from leads.forms.imports import ENCODINGS, BringForm, ColumnsForm
from leads.models import ImportJob
from leads.selectors import exports
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
    form = BringForm(request.POST or None, request.FILES or None, actor=request.user)
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
        }
        return render(request, "leads/imports/unreadable.html", context, status=422)
    data = None if "read_anew" in request.POST else request.POST or None  # other characters, other columns
    form = ColumnsForm(
        data, job=job, proposals=outline.columns, understanding=outline.understanding, custom=outline.custom
    )
    form.initial["system"] = request.POST.get("system", job.source_system)
    if data and form.is_valid():
        now = timezone.now()
        try:
            jobs.set_up(job_id=pk, mapping=form.mapping(), actor=request.user, now=now)
            jobs.check(job_id=pk, actor=request.user, now=now)
        except DomainError as error:
            form.refuse(error)
        else:
            return htmx.redirect(request, "leads:import-detail", pk)
    return render(request, "leads/imports/columns.html", {"job": job, "form": form}, status=422 if form.errors else 200)


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
def export(request: PersonRequest, kind: str) -> HttpResponseBase:
    """What was brought in, newest first, as a file; the files themselves are not in it."""
    request.user.require(Permission.IMPORT_RECORDS)
    return answer(request, kind, exports.IMPORTS, found=selectors.jobs(), columns=exports.IMPORT_COLUMNS)


@require_GET
def refused(request: PersonRequest, pk: int) -> HttpResponseBase:
    """The rows that were not taken, as a file to be mended and brought again: reason first, then the columns."""
    request.user.require(Permission.IMPORT_RECORDS)
    job = selectors.job(pk)
    body = ([f"{row}: {message}", *cells] for row, message, cells in selectors.refused_rows(job))
    count = job.counts.get("refused", 0)
    header = [_("Reason"), *job.headers]
    return answer_rows(request, Kind.CSV.value, exports.REFUSED, header=header, rows=body, count=count)


def _may_undo(request: PersonRequest, job: ImportJob) -> bool:
    is_open = job.is_undoable(now=timezone.now()) and bool(job.counts.get("created") or job.counts.get("updated"))
    return is_open and jobs.may_undo(job, actor=request.user)


def _has_leads(job: ImportJob) -> bool:
    return job.kind == "leads" and job.state != State.CHECKED and bool(job.counts.get("created"))


def _given(request: HttpRequest, job: ImportJob) -> tables.Given:
    """How the person chose last to have the file read; what they left open is left to us."""
    encoding, sheet = (
        request.POST.get(key) or request.GET.get(key) or job.mapping.get(key) for key in ("encoding", "sheet")
    )
    return tables.Given(encoding=encoding if encoding in tables.ENCODINGS else None, sheet=sheet)
