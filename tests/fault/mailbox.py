"""A mail server made of files: every mail that leaves a process is one file, whatever happens to the process next."""

from __future__ import annotations

import email
import os
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class FolderBackend(BaseEmailBackend):
    """Writes each mail whole or not at all, into the folder that ``FAULT_MAILBOX`` names."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(os.environ["FAULT_MAILBOX"])
        for message in email_messages:
            draft = folder / uuid.uuid4().hex
            draft.write_bytes(message.message().as_bytes())
            draft.rename(draft.with_name(f"{time.time_ns()}-{draft.name}.eml"))
        return len(email_messages)


@dataclass(frozen=True)
class Mail:
    """A mail that left."""

    message_id: str
    to: str
    subject: str
    at: float

    @property
    def notice(self) -> str:
        """The id of its notice, which stays the same over attempts."""
        return self.message_id.strip("<>").partition("@")[0]


@dataclass(frozen=True)
class Mailbox:
    """All mails that left the processes of one test."""

    folder: Path

    def mails(self) -> list[Mail]:
        """The mails in the order in which they left."""
        return [self._read(file) for file in sorted(self.folder.glob("*.eml"))]

    def sent(self) -> Counter[str]:
        """How often each notice was sent, by its id."""
        return Counter(mail.notice for mail in self.mails())

    def __len__(self) -> int:
        return sum(1 for _ in self.folder.glob("*.eml"))

    def _read(self, file: Path) -> Mail:
        message = email.message_from_bytes(file.read_bytes())
        at = int(file.name.partition("-")[0]) / 1e9
        return Mail(message["Message-ID"], message["To"], message["Subject"], at)
