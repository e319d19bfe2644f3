"""Reads what /metrics says."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

Figures = dict[str, dict[tuple[str, ...], float]]


def figures(text: str) -> Figures:
    """Every sample by name and values of its labels, in the order of their names."""
    found: Figures = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            values = tuple(value for _name, value in sorted(sample.labels.items()))
            found.setdefault(sample.name, {})[values] = sample.value
    return found
