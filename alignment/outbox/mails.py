"""From a notice to a mail: rendered when it is sent, in the recipient's language and zone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context
from django.template.loader import get_template, render_to_string
from django.utils import timezone, translation

from alignment.kernel import sealing
from alignment.outbox.models import Notice

HIDDEN = "***"
SUBJECT_LENGTH = 300


@dataclass(frozen=True)
class Rendered:
    """The words of one mail, and the words in it that must not be kept."""

    subject: str
    text: str
    html: str
    secrets: tuple[str, ...] = ()

    def masked(self, words: str) -> str:
        """Some of the words without the secrets in them, for the record of what was sent."""
        for secret in self.secrets:
            words = words.replace(secret, HIDDEN)
        return words


def render(notice: Notice) -> Rendered:
    """Subject, plain text and HTML of a notice. The first line of the text template is the subject."""
    sealed = sealing.unseal(notice.sealed)
    context = notice.context | sealed | {"site_url": settings.SITE_URL}
    with translation.override(notice.language), timezone.override(ZoneInfo(notice.time_zone)):
        text = _plain(f"{notice.template}.txt", context)
        subject, _newline, body = text.lstrip().partition("\n")
        subject = " ".join(subject.split())[:SUBJECT_LENGTH]
        content = render_to_string(f"{notice.template}.html", context)
        html = render_to_string(
            "outbox/email/layout.html", {"subject": subject, "content": content, "site_url": settings.SITE_URL}
        )
    return Rendered(subject, body.lstrip(), html, secrets=tuple(str(value) for value in sealed.values()))


def build(notice: Notice, rendered: Rendered) -> EmailMultiAlternatives:
    """Make the mail; its Message-ID is the same at each attempt, so that a receiver knows it again."""
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    headers = {"Message-ID": f"<{notice.message_id}@{host}>", "Auto-Submitted": "auto-generated"}
    if notice.request_id:
        headers["X-Request-ID"] = notice.request_id
    mail = EmailMultiAlternatives(
        subject=rendered.subject,
        body=rendered.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[notice.to_address],
        headers=headers,
    )
    mail.attach_alternative(rendered.html, "text/html")
    return mail


def _plain(name: str, context: dict[str, Any]) -> str:
    """Render without HTML's escapes: in plain text “A & B” stands as it is."""
    template = get_template(name).template  # type: ignore[attr-defined]  # Django's own backend has it
    return template.render(Context(context, autoescape=False))
