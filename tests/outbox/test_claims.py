"""A claim takes what it was asked for and no more, whatever plan the database chooses."""

from __future__ import annotations

import pytest
from django.db import connection
from django.utils import timezone

from alignment.outbox import services
from alignment.outbox.models import Notice, NoticeState

# Together they make PostgreSQL ask a subquery anew for each row, as it may by itself on a table it knows little of.
PLANS = {
    "the planner's own": (),
    "a nested loop": ("enable_hashjoin", "enable_mergejoin", "enable_hashagg", "enable_sort", "enable_material"),
}


@pytest.fixture(params=PLANS, ids=str)
def plan(request: pytest.FixtureRequest, db: None) -> None:
    with connection.cursor() as cursor:
        for name in PLANS[request.param]:
            cursor.execute(f"SET LOCAL {name} = off")


@pytest.fixture
def twelve(db: None) -> None:
    now = timezone.now()
    fields = {"language": "en", "time_zone": "UTC", "template": "none/such", "created_at": now, "next_at": now}
    Notice.objects.bulk_create([Notice(to_address=f"p{n}@example.com", **fields) for n in range(12)])


@pytest.mark.usefixtures("plan", "twelve")
@pytest.mark.parametrize("limit", [1, 5])
def test_a_claim_never_takes_more_than_its_limit(limit: int) -> None:
    claimed = services.claim(now=timezone.now(), limit=limit)

    assert len(claimed) == limit
    assert Notice.objects.filter(claimed_until__isnull=False).count() == limit


@pytest.mark.usefixtures("plan", "twelve")
def test_a_sweep_leaves_nothing_claimed_that_it_did_not_try(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []
    monkeypatch.setattr(services, "deliver", lambda notice: tried.append(notice.pk) or True)

    assert services.sweep(now=timezone.now()) == 12

    assert len(set(tried)) == 12


@pytest.mark.usefixtures("twelve")
def test_a_sweep_whose_time_is_up_holds_no_further_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "SWEEP_FOR", -1.0)

    assert services.sweep(now=timezone.now()) == 0

    assert not Notice.objects.filter(state=NoticeState.PENDING, claimed_until__isnull=False).exists()
