"""How the API's documentation tells what holds for every operation: the scope of the token, and sending again."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from alignment.accounts.permissions import needed_scope
from alignment.programs.api.once import HEADER, LONGEST_KEY, REPLAYED

_KEY = OpenApiParameter(
    HEADER,
    {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description="Made up by the program, once for each change: the same again within 24 hours, with the same body, "
    "changes nothing and is answered as the first time.",
)
_REPLAYED = OpenApiParameter(
    REPLAYED,
    {"type": "string", "enum": ["true"]},
    OpenApiParameter.HEADER,
    description="Sent where this is the answer of an earlier request with the same key.",
    response=[200, 201],
)


class ApiSchema(AutoSchema):
    """drf-spectacular's, and with each operation what our permission class and ``once`` want."""

    def get_description(self) -> str:  # type: ignore[override]  # as in drf-spectacular
        scope = needed_scope(self.view, self.method)
        return f"{super().get_description()}\n\nScope of the token: `{scope.value if scope else '-'}`."

    def get_override_parameters(self) -> list[Any]:
        return [_KEY, _REPLAYED] if self.method == "POST" else []
