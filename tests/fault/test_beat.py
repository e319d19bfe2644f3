"""Beat only ticks: whether it slept for weeks or ticks three times at once, each thing happens once."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import F
from django.utils import timezone

from alignment.outbox.models import Notice
from handoff.models import Clock
from reviews.models import Review, ReviewSeries
from tests.fault import world
from tests.fault.stack import until, until_sent

TOKYO = ZoneInfo("Asia/Tokyo")


def ahead_of_now(moment: datetime) -> str:
    """The seconds by which a clock must be ahead to show this moment now."""
    return str((moment - timezone.now()).total_seconds())


def test_reviews_that_fell_due_while_beat_was_stopped_are_built_once_each(stack, people, measured):
    stopped_at = datetime(2027, 1, 28, 10, tzinfo=TOKYO)
    ReviewSeries.objects.update(first_month=date(2026, 12, 1))
    world.offers(people, 3, at=datetime(2027, 1, 12, 10, tzinfo=TOKYO))
    stack.variables |= {"FAULT_CLOCK": ahead_of_now(stopped_at), "FAULT_MINUTE": "2"}
    stack.start("worker", "beat")
    until(lambda: Review.objects.count() == 1, within=30, what="December is built")
    stack.end("beat")
    stack.end("worker")

    returned_at = stopped_at + timedelta(days=40)
    stack.variables["FAULT_CLOCK"] = ahead_of_now(returned_at)
    stack.start("web")
    broken = stack.broken_parts()
    stack.start("worker", "beat")
    until(lambda: Review.objects.count() == 3, within=30, what="January and February are built")
    until(lambda: stack.broken_parts() == set(), within=30, what="everything is ready")
    time.sleep(6)  # three more ticks
    until_sent(within=30)

    reviews = list(Review.objects.select_related("snapshot").order_by("starts_on"))
    measured(f"/readyz named {', '.join(sorted(broken))}; built {', '.join(f'{r.starts_on:%Y-%m}' for r in reviews)}")
    assert broken == {"worker", "beat"}
    assert [review.starts_on for review in reviews] == [date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1)]
    assert [review.due_at for review in reviews] == [
        datetime(2027, 1, 4, 9, tzinfo=TOKYO),
        datetime(2027, 2, 1, 9, tzinfo=TOKYO),
        datetime(2027, 3, 1, 9, tzinfo=TOKYO),
    ]
    late = [review.built_at - returned_at for review in reviews[1:]]
    assert all(timedelta(0) <= wait < timedelta(minutes=2) for wait in late)
    keys = Notice.objects.filter(key__startswith="review:").values_list("key", flat=True)
    assert sorted(keys) == sorted(f"review:{review.pk}:{people.sora.pk}" for review in reviews)
    assert set(stack.mailbox.sent().values()) == {1}


def test_three_beats_at_once_make_one_review_one_breach_and_no_mail_twice(stack, people, measured):
    ReviewSeries.objects.update(first_month=(timezone.now() - timedelta(days=75)).date().replace(day=1))
    handoffs = world.offers(people, 60, at=timezone.now() - timedelta(days=2), due_in=timedelta(days=1))
    world.notices(people.mai, range(100))
    stack.variables |= {"FAULT_MINUTE": "2"}
    stack.start("worker", "worker-2", "beat", "beat-2", "beat-3")
    until(lambda: Review.objects.count() >= 2, within=30, what="the reviews are built")
    until_sent(within=60)
    time.sleep(6)  # three more ticks of each

    ticks = 3 * 3
    breached = Clock.objects.filter(handoff__in=handoffs, duty="decide", breached_at=F("due_at")).count()
    keys = list(Notice.objects.exclude(key="").values_list("key", flat=True))
    sent = stack.mailbox.sent()
    measured(
        f"3 beats, 2 workers, {ticks} ticks or more: {Review.objects.count()} reviews of 2 months, {breached} breaches "
        f"of 60 clocks, {len(sent)} notices, {sent.total() - len(sent)} mails twice"
    )
    months = list(Review.objects.values_list("starts_on", flat=True))
    assert len(months) == len(set(months)) == 2
    assert breached == 60
    assert len(keys) == len(set(keys)) == 60 * 2 + 2  # Ren and Sora of each breach, Sora of each review
    assert len(sent) == Notice.objects.count() == len(keys) + 100
    assert set(sent.values()) == {1}
