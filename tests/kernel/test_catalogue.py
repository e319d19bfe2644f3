"""Texts are collected from code and templates, merged without losing work, checked and compiled."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from django.test import override_settings

from alignment.kernel import catalogue


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project with one module and one template, and its own place for catalogues."""
    (tmp_path / "leads" / "migrations").mkdir(parents=True)
    (tmp_path / "templates" / "leads").mkdir(parents=True)
    (tmp_path / "leads" / "models.py").write_text(
        "from django.utils.translation import gettext_lazy as _, ngettext, pgettext\n"
        'A = _("Lead")\nB = ngettext("%(n)d lead", "%(n)d leads", 2)\nC = pgettext("verb", "Open")\n'
    )
    (tmp_path / "leads" / "migrations" / "0001_initial.py").write_text('from x import _\n_("old words")\n')
    (tmp_path / "templates" / "leads" / "list.html").write_text(
        "{% load i18n %}\n    <h1>{% translate 'Leads' %}</h1>\n  {% if x %}\n"
        "<p>{% blocktranslate trimmed with name=n %}\n   Hello,\n   {{ name }}\n{% endblocktranslate %}</p>"
        "{% endif %}\n"
        '{% button _("Save") variant="primary" %}'
        "{% blocktranslate count n=n %}{{ n }} day{% plural %}{{ n }} days{% endblocktranslate %}"
    )
    return tmp_path


def ids(catalog: Catalog) -> set[object]:
    return {(message.context, message.id) for message in catalog if message.id}


def test_texts_of_code_and_templates_are_collected(project: Path) -> None:
    found = ids(catalogue.collect(project))

    assert found == {
        (None, "Lead"),
        (None, ("%(n)d lead", "%(n)d leads")),
        ("verb", "Open"),
        (None, "Leads"),
        (None, "Hello, %(name)s"),
        (None, "Save"),
        (None, ("%(n)s day", "%(n)s days")),
    }


def test_merging_keeps_what_is_translated_and_drops_what_is_gone(project: Path) -> None:
    with override_settings(LOCALE_PATHS=[project / "locale"]):
        template = Catalog()
        template.add("Lead")
        template.add("Old")
        catalogue.merge("ja", template)
        path = catalogue.path_of("ja")
        path.write_text(path.read_text().replace('msgid "Lead"\nmsgstr ""', 'msgid "Lead"\nmsgstr "リード"'))

        changed = catalogue.merge("ja", catalogue.collect(project))
        again = catalogue.merge("ja", catalogue.collect(project))

        merged = catalogue.load("ja")
        assert (changed, again) == (True, False)
        assert merged.get("Lead").string == "リード"
        assert merged.get("Old") is None


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ('msgid "Lead"\nmsgstr ""', "empty"),
        ('#, fuzzy\nmsgid "Lead"\nmsgstr "リード"', "fuzzy"),
        ('msgid "Other"\nmsgstr "他"', "missing"),
        ('msgid "Lead"\nmsgstr "リード"\n\nmsgid "Other"\nmsgstr "他"', "no longer in the code"),
    ],
)
def test_an_incomplete_catalogue_is_found(project: Path, entry: str, fault: str) -> None:
    template = Catalog()
    template.add("Lead")
    with override_settings(LOCALE_PATHS=[project / "locale"]):
        path = catalogue.path_of("ja")
        path.parent.mkdir(parents=True)
        path.write_text(f'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n{entry}\n')

        found = catalogue.faults("ja", template)

    assert any(line.startswith(fault) for line in found)


def test_a_placeholder_lost_in_translation_is_found(project: Path) -> None:
    template = Catalog()
    template.add("%(name)s came", flags=["python-format"])
    with override_settings(LOCALE_PATHS=[project / "locale"]):
        catalogue.merge("ja", template)
        path = catalogue.path_of("ja")
        path.write_text(path.read_text().replace('came"\nmsgstr ""', 'came"\nmsgstr "%(nom)s 来た"'))

        found = catalogue.faults("ja", template)

    assert len(found) == 1
    assert "name" in found[0]


def test_japanese_names_the_count_where_english_says_once(project: Path) -> None:
    template = Catalog()
    template.add(("once", "%(n)d times"), flags=["python-format"])
    with override_settings(LOCALE_PATHS=[project / "locale"]):
        catalogue.merge("ja", template)
        path = catalogue.path_of("ja")
        path.write_text(path.read_text().replace('msgstr[0] ""', 'msgstr[0] "%(n)d回"'))

        found = catalogue.faults("ja", template)

    assert found == []


def test_only_a_newer_catalogue_is_compiled(project: Path) -> None:
    with override_settings(LOCALE_PATHS=[project / "locale"]):
        catalogue.merge("ja", catalogue.collect(project))

        first, second = catalogue.compile_all(), catalogue.compile_all()

    assert [path.name for path in first] == ["django.mo"]
    assert second == []
