"""Files on their way in: bring, say which column is what, check, take, see what came of it."""

from __future__ import annotations

import re
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

from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.accounts.requests import PersonRequest
from alignment.exports.views.answers import answer, answer_rows
from alignment.kernel import htmx, tables
from alignment.kernel.errors import DomainError, InvalidInput
from alignment.kernel.sheets import Kind
from leads.forms.imports import OWN, BringForm, ColumnsForm
from leads.forms.readings import ENCODINGS
from leads.models import ImportJob
from leads.rules.matching import Rule
from leads.selectors import exports, staying
from leads.selectors import imports as selectors
from leads.selectors import mappings as mapping_selectors
from leads.services.importing import jobs, reading, saving

PAGE = 25
ASK_OFTEN = 150
"""So many times the page of an import at work asks every two seconds how far it is, then every ten."""
ASK_AT_MOST = 450
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
        outline = jobs.outline(job, given=_given(request, job), like=request.POST.get("like", ""))
    except InvalidInput as fault:
        context = {
            "job": job,
            "fault": fault.message,
            "encodings": list(ENCODINGS.items()) if fault.field == "encoding" else [],
            "fault_is_of_choice": "read_anew" in request.POST,
        }
        return render(request, "leads/imports/unreadable.html", context, status=422)
    form = _columns_form(request, job, outline)
    if form.is_bound and form.is_valid():
        try:
            _set_up(form, outline, actor=request.user)
        except DomainError as error:
            form.refuse(error)
        else:
            return htmx.redirect(request, "leads:import-detail", pk)
    page: dict[str, Any] = {"job": job, "form": form, "outline": outline}
    return render(request, "leads/imports/columns.html", page, status=422 if form.errors else 200)


def _columns_form(request: HttpRequest, job: ImportJob, outline: jobs.Outline) -> ColumnsForm:
    """The form of the columns; not bound where they are to be read or set anew, but what was said of the rows stays."""
    is_anew = "read_anew" in request.POST
    form = ColumnsForm(
        None if is_anew else request.POST or None,
        job=job,
        proposals=outline.columns,
        understanding=outline.understanding,
        custom=outline.custom,
        likeness=outline.likeness,
        before=selectors.brought_before(job),
        begin_anew=request.POST.get("like", OWN) != OWN,
    )
    is_as_saved = outline.likeness.saved and request.POST.get("like") == outline.likeness.key
    if is_anew and not is_as_saved:
        kept = ("system", "known_leads", *(field.name for field in form.otherwise()))
        said = {key: request.POST[key] for key in kept if request.POST.get(key)}
        form.initial = {**form.initial, **said, "keep": bool(request.POST.get("keep"))}
    return form


def _set_up(form: ColumnsForm, outline: jobs.Outline, *, actor: User) -> None:
    """Have all rows checked as the form says, and keep the mapping where a name for it is given."""
    now = timezone.now()
    job = jobs.set_up(job_id=form.job.pk, mapping=form.mapping(), actor=actor, now=now)
    if name := form.cleaned_data["save_as"]:
        saving.save(job=job, name=name, actor=actor, now=now)
    elif outline.likeness.saved and form.cleaned_data["like"] == outline.likeness.key:
        saving.note_use(mapping_id=outline.likeness.saved.pk, now=now)
    jobs.check(job_id=job.pk, actor=actor, now=now)


@require_GET
def mappings(request: PersonRequest) -> HttpResponse:
    """The mappings that were saved for later files, the one used last first."""
    request.user.require(Permission.IMPORT_RECORDS)
    page = Paginator(mapping_selectors.saved(), PAGE).get_page(request.GET.get("page"))
    return render(request, "leads/imports/mappings.html", {"page": page})


@require_POST
def delete_mapping(request: PersonRequest, pk: int) -> HttpResponse:
    """Drop a saved mapping."""
    name = saving.delete(mapping_id=pk, actor=request.user)
    messages.success(request, _("The mapping “%(name)s” is deleted.") % {"name": name})
    return htmx.redirect(request, "leads:mapping-list")


@require_GET
def detail(request: PersonRequest, pk: int) -> HttpResponse:
    """How far it is, and what comes or came of every row; asks again by itself while somebody works on it."""
    request.user.require(Permission.IMPORT_RECORDS)
    job = selectors.job(pk)
    is_at_work = job.state in ImportJob.AT_WORK
    context: dict[str, Any] = {
        "job": job,
        "is_at_work": is_at_work,
        **(_progress(request, job) if is_at_work else {"problems": selectors.problems(job)}),
        "outcomes": [] if is_at_work else selectors.outcomes(job),
        "is_long": job.kind == "leads" and job.counts.get("rows", 0) > reading.first_part(job.size, check=True),
        "part": reading.PART,
        "is_mine": job.actor_id == request.user.pk,
        "does_something": bool(job.counts.get("created") or job.counts.get("updated")),
        "may_undo": _may_undo(request, job),
        "undo_until": job.finished_at + ImportJob.UNDO_FOR if job.finished_at else None,
        "known_rule": Rule(job.mapping.get("known_leads", Rule.FILL)).label if job.kind == "leads" else "",
        "stayed": staying.stayed(job) if job.state == State.UNDONE and job.counts.get("kept") else None,
        "made_url": f"{reverse('leads:list')}?brought_by={job.pk}" if _has_leads(job) else "",
    }
    if not htmx.wants_partial(request):
        return render(request, "leads/imports/detail.html", context)
    if is_at_work:
        return render(request, "leads/imports/_progress.html", context)
    return htmx.retarget(render(request, "leads/imports/_job.html", context), "#import-job")


def _progress(request: HttpRequest, job: ImportJob) -> dict[str, Any]:
    """How far it is, and when the page asks again: seldom after a while, and at last not by itself, so that a page that
    somebody left open does not keep its session for ever."""
    asked = request.GET.get("asked", "")
    times = min(int(asked), ASK_AT_MOST) if re.fullmatch("[0-9]{1,6}", asked) else 0
    return {
        "minutes_left": selectors.minutes_left(job, now=timezone.now()),
        "ask_again": times + 1 if times < ASK_AT_MOST else None,
        "ask_after": 2 if times < ASK_OFTEN else 10,
    }


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
        if job.state in ImportJob.ENDED and (why := jobs.why_it_stays(job, now=timezone.now())):
            messages.info(request, why)
        return htmx.redirect(request, "leads:import-detail", pk)
    return render(request, "leads/imports/undo.html", {"job": job, "undo": staying.undo_of(job)})


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
    return job.is_undoable(now=timezone.now()) and jobs.may_undo(job, actor=request.user)


def _has_leads(job: ImportJob) -> bool:
    return job.kind == "leads" and job.state not in (State.CHECKING, State.CHECKED) and bool(job.counts.get("created"))


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
