"""What a new installation starts with, for tests that work on tables which an earlier test has emptied."""

from __future__ import annotations

from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import RunPython

OURS = {"accounts", "handoff", "leads", "outbox", "reviews"}


def restore() -> None:
    """Write the rows of all data migrations again; rows that are there stay as they are."""
    graph = MigrationLoader(connection).graph
    nodes = dict.fromkeys(node for leaf in graph.leaf_nodes() for node in graph.forwards_plan(leaf))
    with connection.schema_editor() as editor:
        for app, name in nodes:
            operations = graph.nodes[app, name].operations if app in OURS else []
            for operation in operations:
                if isinstance(operation, RunPython):
                    operation.code(apps, editor)
