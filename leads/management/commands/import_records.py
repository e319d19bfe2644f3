"""Bring years of records from another tool: ``manage.py import_records KIND FILE --mapping MAPPING.json``.

Mappings for the Olist marketing funnel, as an example:

    leads:  {"system": "olist", "unmapped": "keep", "columns": {
                "mql_id": "external_id",
                "first_contact_date": {"field": "qualified_at", "format": "%Y-%m-%d"},
                "landing_page_id": "landing_page", "origin": "source"}}
    deals:  {"system": "olist", "unmapped": "keep", "columns": {
                "mql_id": "lead_external_id", "seller_id": "external_id", "sr_id": "owner",
                "won_date": {"field": "won_at", "format": "%Y-%m-%d %H:%M:%S"},
                "business_segment": "product"}}

The other kinds and their fields:

    accounts:    company, corporate_number, industry, employees, postal_code, prefecture, address, parent (the name of
                 another company), key_account; known by external_id, else by name
    campaigns:   campaign (its name), channel, promise, starts_on, ends_on; month and cost: one row for each month
    touches:     lead_external_id or email, kind (key or name), at, campaign, detail
    activities:  lead_external_id or email, kind, outcome, at, done_by (an e-mail address), note

After a trip through Excel the same files want "%d-%m-%Y" and "%d-%m-%Y %H:%M".

FILE is text (CSV; UTF-8, UTF-16, CP932, EUC-JP) or a workbook (XLSX, XLS, ODS; dates in it need no form). Where it can
be read in two ways the mapping says which: "encoding", "delimiter", "sheet", "header_row" (counted from 1).

Marketers, managers and admins bring leads, deals and companies; the marketing side and admins campaigns and touches;
the manager of sales and admins activities. The same file twice changes nothing, and a later file
writes only what it says otherwise than the one before: what a person changed here since stays, with a warning, and so
does a deal that a person won or lost. Rows without an id of their own are recognised by what the mapping reads in
them; such a row, corrected, becomes a new record.

Touches and activities are facts that happened: a later row under the same id that says otherwise is refused. Touches
judge their leads again. An activity counts as attempt and contact and may be the first contact, but stops no deadline
that runs here, ends no plan and moves no lead. Amounts in another currency than the organisation's are refused: by a
column "currency", or for the whole file by "currency": "USD" in the mapping.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from alignment.accounts.models import User
from alignment.kernel.errors import DomainError
from leads.rules.mappings import FIELDS
from leads.services.importing import ImportResult, run_import


class Command(BaseCommand):
    help = "Take the rows of a CSV file or a spreadsheet in as records; the same file twice changes nothing."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.description = __doc__
        parser.add_argument("kind", choices=sorted(FIELDS))
        parser.add_argument("file", type=Path)
        parser.add_argument("--mapping", type=Path, required=True, help="a JSON file: columns to fields")
        parser.add_argument(
            "--as",
            dest="email",
            required=True,
            help="the e-mail address of the person who imports (a marketer, a manager or an admin)",
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and change nothing")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")
        parser.add_argument("--errors", type=Path, help="where refused rows go (default: FILE.errors.csv, here)")

    def handle(self, *args: Any, **options: Any) -> None:
        actor = User.objects.filter(email__iexact=options["email"], is_active=True).first()
        if actor is None:
            raise CommandError(f"There is no active person with the address {options['email']}.")
        path: Path = options["file"]
        with translation.override(actor.language):
            result = self._run(path, actor, options)
            errors_file = self._write_errors(result, options["errors"] or Path(f"{path.name}.errors.csv"))
        if options["json"]:
            self.stdout.write(json.dumps(result.as_json() | {"errors_file": errors_file}, ensure_ascii=False, indent=1))
        else:
            self._tell(result, errors_file)

    def _run(self, path: Path, actor: User, options: dict[str, Any]) -> ImportResult:
        try:
            mapping = json.loads(options["mapping"].read_text(encoding="utf-8-sig"))
            file = path.open("rb")
        except (OSError, ValueError) as error:
            raise CommandError(f"Cannot read: {error}") from error
        try:
            with file:
                return run_import(
                    kind=options["kind"],
                    file=file,
                    file_name=path.name,
                    mapping=mapping,
                    actor=actor,
                    now=timezone.now(),
                    dry_run=options["dry_run"],
                )
        except DomainError as error:
            where = f" ({error.field})" if error.field else ""
            raise CommandError(f"{error.message}{where}") from error

    def _write_errors(self, result: ImportResult, path: Path) -> str | None:
        if not result.refused:
            return None
        path.write_bytes(result.errors_csv(reason_header=translation.gettext("Reason")))
        return str(path)

    def _tell(self, result: ImportResult, errors_file: str | None) -> None:
        if result.dry_run:
            self.stdout.write("Dry run: nothing was changed.")
        for name, count in result.counts().items():
            self.stdout.write(f"{name:>10}: {count}")
        for note in result.notes:
            self.stdout.write(f"  note: {note}")
        for remark in result.warnings[:20]:
            self.stdout.write(f"  warning, row {remark.row}: {remark.message}")
        if len(result.warnings) > 20:
            self.stdout.write(f"  … and {len(result.warnings) - 20} more warnings (see --json)")
        if errors_file:
            self.stdout.write(f"Refused rows with their reasons: {errors_file}")
