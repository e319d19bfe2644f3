"""A process that dies at the worst moment: nothing is lost, and a mail sent twice is recognised."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from alignment.outbox import services
from alignment.outbox.models import Notice, NoticeState
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

PROLOGUE = """
import django; django.setup()
from django.conf import settings
from django.utils import timezone
"""

SEND = """
settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", {port}
settings.TEMPLATES[0]["DIRS"].append("tests/outbox/templates")
from alignment.outbox.tasks import send_notice
send_notice(notice_id={notice_id})
"""

WRITE = """
from django.db import transaction
from alignment.accounts.models import User
from alignment.outbox import services
with transaction.atomic():
    services.write(
        to=User.objects.get(), template="outbox_test/hello", context={"name": "Ren"}, now=timezone.now()
    )
"""


def run_until(failpoint: str, code: str) -> int:
    """Run ``code`` in a process of its own that dies at ``failpoint``; return how it ended."""
    database = connection.settings_dict
    address = "{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "alignment.settings.test",
        "DATABASE_URL": f"postgresql://{address}",
        "FAILPOINT": failpoint,
    }
    done = subprocess.run(
        [sys.executable, "-c", PROLOGUE + code],
        env=environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert f"failpoint {failpoint}" in done.stderr, done.stderr
    return done.returncode


def test_a_worker_killed_between_send_and_mark_sends_again_with_the_same_id(notice, smtp):
    made = notice()

    ended = run_until("outbox.sent", SEND.format(port=smtp.port, notice_id=made.pk))
    swept_at_once = services.sweep(now=timezone.now())
    swept_after_the_lease = services.sweep(now=timezone.now() + Notice.LEASE + timedelta(seconds=1))

    made.refresh_from_db()
    assert ended == -9
    assert (swept_at_once, swept_after_the_lease) == (0, 1)
    assert (made.state, made.attempts) == (NoticeState.SENT, 2)
    assert len(smtp.mails) == 2
    assert len({message["Message-ID"] for message in smtp.mails}) == 1


def test_a_process_killed_between_commit_and_ring_leaves_it_to_the_sweep(smtp):
    factories.user("ren", role="sales_rep", side="sales")

    ended = run_until("queue.before_ring", WRITE)

    assert ended == -9
    assert Notice.objects.get().state == NoticeState.PENDING
    assert services.sweep(now=timezone.now()) == 1
    assert len(smtp.mails) == 1
