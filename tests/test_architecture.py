"""The shape of the code, where a linter cannot see it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from celery import current_app
from django.apps import apps
from django.conf import settings
from django.db.models import Model
from django.template.loader import get_template

ROOT = Path(settings.BASE_DIR)
PACKAGES = ("alignment", "leads", "handoff", "reviews")
LAYERS = ("kernel", "outbox", "accounts", "programs", "exports", "health", "leads", "handoff", "reviews")
"""Apps from the lowest to the highest."""

TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in {".html", ".txt"})
PAGES = [path for path in TEMPLATES if "email" not in path.parts]


def files(pattern: str, *, without: tuple[str, ...] = ("migrations",)) -> Iterator[Path]:
    """The project's own files, without what is generated."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob(pattern)):
            if not set(without) & set(path.parts) and "__pycache__" not in path.parts:
                yield path


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def own_models() -> list[type[Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in LAYERS]


def test_relations_point_down():
    wrong = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in own_models()
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and field.related_model._meta.app_label in LAYERS
        if LAYERS.index(field.related_model._meta.app_label) > LAYERS.index(model._meta.app_label)
    ]

    assert wrong == []


def test_every_relation_has_a_name_back():
    unnamed = [
        f"{model._meta.label}.{field.name}"
        for model in own_models()
        if not model.__name__.endswith("History")  # written by triggers
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and not field.remote_field.related_name
    ]

    assert unnamed == []


def test_every_constraint_has_a_name_of_its_own():
    generated = re.compile(r"_[0-9a-f]{8}(_idx|_uniq)?$")
    wrong = [
        f"{model._meta.label}: {constraint.name}"
        for model in own_models()
        for constraint in (*model._meta.constraints, *model._meta.indexes)
        if generated.search(constraint.name)
    ]

    assert wrong == []


def test_no_model_has_a_default_order():
    assert [model._meta.label for model in own_models() if model._meta.ordering] == []


def nudged_names() -> dict[str, str]:
    """The task names that code rings for, and where."""
    return {
        node.args[0].value: shown(path)
        for path in files("*.py")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and (getattr(node.func, "id", "") or getattr(node.func, "attr", "")) == "nudge"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


def test_every_task_that_is_rung_for_is_registered():
    current_app.loader.import_default_modules()
    beat = {entry["task"]: "alignment/celery.py" for entry in current_app.conf.beat_schedule.values()}

    missing = {name: place for name, place in (nudged_names() | beat).items() if name not in current_app.tasks}

    assert nudged_names() != {}
    assert missing == {}


def test_tasks_take_ids_by_name_and_put_up_with_more():
    current_app.loader.import_default_modules()
    ours = {name: task for name, task in current_app.tasks.items() if name.split(".")[0] in LAYERS}

    strict = [name for name, task in ours.items() if not _takes_more(task.run)]

    assert len(ours) >= 6
    assert strict == []


def _takes_more(run) -> bool:
    code = run.__code__
    return bool(code.co_flags & 0x08) and code.co_argcount == 0


def test_rules_know_no_rows_and_no_requests():
    forbidden = ("django.db.models.query", "django.db.transaction", "django.http", "rest_framework")
    wrong = []
    for path in files("*.py"):
        if "rules" not in path.parts:
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(forbidden):
                wrong.append(f"{shown(path)}: {node.module}")
            if isinstance(node, ast.Attribute) and node.attr == "objects":
                wrong.append(f"{shown(path)}:{node.lineno} asks rows")

    assert wrong == []


def test_the_clock_is_read_at_the_edges_only():
    edges = {"views", "api", "tasks.py", "management", "middleware.py", "authentication.py", "adapter.py", "home"}
    wrong = [
        f"{shown(path)}:{node.lineno}"
        for path in files("*.py", without=("migrations", "settings", "local", "demo"))
        if not edges & set(path.parts) and path.name != "views.py"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and _dotted(node.func) in {"timezone.now", "datetime.now", "date.today"}
    ]

    # What is sent takes time: the outbox notes when each mail left. The others compare clocks or tell that they live.
    at_work = (
        "alignment/outbox/services.py",
        "alignment/health/doctor.py",
        "alignment/health/beat.py",
    )
    assert [place for place in wrong if not place.startswith(at_work)] == []


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return ""


def test_no_import_hides_in_a_function():
    hidden = [
        f"{shown(path)}:{inner.lineno}"
        for path in files("*.py", without=("migrations", "local"))
        for function in ast.walk(tree(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(function)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]

    assert hidden == []


def test_no_module_is_named_for_nothing():
    names = {path.stem for path in files("*.py")}

    assert not names & {"utils", "helpers", "common", "misc", "manager", "managers"}


def test_every_service_names_its_actor_and_moment_by_keyword():
    wrong = [
        f"{shown(path)}: {function.name}"
        for path in files("*.py")
        if "services" in path.parts or path.name == "services.py"
        for function in tree(path).body
        if isinstance(function, ast.FunctionDef)
        for argument in (*function.args.posonlyargs, *function.args.args)
        if argument.arg in {"actor", "now"} and not function.name.startswith("_")
    ]

    assert [one for one in wrong if not one.startswith("handoff/services/notices.py")] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=shown)
def test_a_template_compiles(path: Path):
    get_template(path.relative_to(ROOT / "templates").as_posix())


@pytest.mark.parametrize("path", PAGES, ids=shown)
def test_a_template_holds_nothing_inline(path: Path):
    text = re.sub(r"{%\s*comment\s*%}.*?{%\s*endcomment\s*%}", "", path.read_text(), flags=re.DOTALL)

    assert not re.search(r"<style\b", text)
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text)
    assert not re.search(r"hx-on|hx-vals\s*=\s*[\"']js:|javascript:", text)
    for script in re.findall(r"<script\b[^>]*>", text):
        assert "src=" in script or 'type="application/json"' in script


@pytest.mark.parametrize("path", PAGES, ids=shown)
def test_what_htmx_asks_for_works_without_it(path: Path):
    """A link that htmx follows has an address of its own, and what it posts stands in a form."""
    text = path.read_text()

    for tag in re.findall(r"<a\b[^>]*\bhx-get[^>]*>", text, flags=re.DOTALL):
        assert "href=" in tag
    for tag in re.findall(r"<button\b[^>]*\bhx-post[^>]*>", text, flags=re.DOTALL):
        assert re.search(r"<form\b[^>]*method=.post", text), tag


@pytest.mark.parametrize("path", PAGES, ids=shown)
def test_a_form_that_posts_carries_its_token(path: Path):
    for form in re.findall(r"<form\b[^>]*method=\"post\".*?</form>", path.read_text(), flags=re.DOTALL):
        assert "{% csrf_token %}" in form


def test_every_migration_says_what_it_does():
    names = [shown(path) for package in PACKAGES for path in (ROOT / package).rglob("migrations/[0-9]*.py")]

    assert [name for name in names if "_auto_" in name] == []


def test_migrations_use_no_application_code():
    wrong = [
        f"{shown(path)}: {node.module}"
        for package in PACKAGES
        for path in (ROOT / package).rglob("migrations/[0-9]*.py")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[-1] in {"services", "selectors", "views"}
    ]

    assert wrong == []


def test_no_lock_file_says_where_packages_come_from():
    """That is the machine's business: its pip and npm know."""
    locks = [*ROOT.glob("requirements*.lock"), ROOT / "package-lock.json"]
    traces = re.compile(r"--(extra-)?index-url|--find-links|@ https?://|\"resolved\"")

    named = [shown(path) for path in locks if traces.search(path.read_text())]

    assert len(locks) >= 3
    assert named == []
