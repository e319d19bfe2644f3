"""What the API's documentation says of refusals: every operation has them, and they all look alike."""

from __future__ import annotations

from typing import Any

ERROR_ITEM = {
    "type": "object",
    "required": ["code", "detail", "attr"],
    "properties": {
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "attr": {"type": "string", "nullable": True},
    },
}
ERROR = {
    "type": "object",
    "description": "`code` is stable, `detail` is in the caller's language, `attr` is the path of the input at fault.",
    "required": ["type", "errors"],
    "properties": {
        "type": {"type": "string", "enum": ["validation_error", "client_error", "server_error"]},
        "errors": {
            "type": "array",
            "minItems": 1,
            "items": ERROR_ITEM,
        },
    },
}
REFUSALS = {
    "400": "The input cannot be taken; nothing was changed.",
    "401": "No valid token or session.",
    "403": "Not for this person, or not for this token.",
    "404": "There is no such thing, or no such page.",
    "409": "Somebody was faster, or it does not stand where this is possible, or the first request with this "
    "Idempotency-Key is still running; nothing was changed. Of a lead that became part of another one (`code` is "
    '`lead_merged`) the header Link tells the address of the other, as `rel="canonical"`.',
    "415": "The body is not JSON.",
    "422": "This Idempotency-Key was used with another body.",
    "429": "Too many requests; see Retry-After.",
    "503": "The database did not answer; see Retry-After.",
}


def document_refusals(result: dict[str, Any], **_generator: Any) -> dict[str, Any]:
    """Add the answers that refuse to every operation that can give them; a hook of drf-spectacular."""
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            for status in _possible(path, method, operation):
                operation["responses"].setdefault(status, {"$ref": f"#/components/responses/Refused{status}"})
    components = result["components"]
    components["schemas"]["Error"] = ERROR
    components["responses"] = {
        f"Refused{status}": {
            "description": description,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
        }
        for status, description in REFUSALS.items()
    }
    return result


def _possible(path: str, method: str, operation: dict[str, Any]) -> list[str]:
    in_query = [parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"]
    changes = "requestBody" in operation
    wanted = {
        "400": bool(in_query) or changes,
        "401": True,
        "403": True,
        "404": "{" in path or bool({"page", "cursor"} & set(in_query)),
        "409": changes,
        "415": changes,
        "422": method == "post",
        "429": True,
        "503": True,
    }
    return [status for status, is_possible in wanted.items() if is_possible]
