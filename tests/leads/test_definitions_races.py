"""Two managers sign at the same moment: the version is in force exactly once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from alignment.accounts.models import User
from leads.models import DefinitionVersion, VersionEvent
from leads.services import definitions
from tests.leads import definition_steps as steps
from tests.racing import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("round_number", range(5))
def test_both_sides_sign_at_once_and_it_is_in_force_once(round_number: int, aoi: User, sora: User, now: datetime):
    version = steps.proposed(aoi, now)

    at_once(
        lambda: definitions.sign(version_id=version.pk, actor=aoi, now=now),
        lambda: definitions.sign(version_id=version.pk, actor=sora, now=now),
    )

    version.refresh_from_db()
    assert version.status == "in_force"
    assert VersionEvent.objects.filter(version=version, kind="in_force").count() == 1
    assert version.signatures.filter(voided_at=None).count() == 2


def test_two_workers_activate_at_once_and_it_is_in_force_once(aoi: User, sora: User, now: datetime):
    starts = now + timedelta(hours=1)
    version = steps.in_force(aoi, aoi, sora, now=now, takes_effect_at=starts)

    results = at_once(*[lambda: definitions.activate_due_versions(now=starts)] * 4)

    assert sorted(map(int, results)) == [0, 0, 0, 1]  # type: ignore[call-overload]
    assert VersionEvent.objects.filter(version=version, kind="in_force").count() == 1


def test_an_edit_and_a_signature_at_once_never_leave_a_signature_on_unread_text(aoi: User, sora: User, now: datetime):
    version = steps.proposed(aoi, now)

    at_once(
        lambda: steps.save(version, aoi, now, threshold=20),
        lambda: definitions.sign(version_id=version.pk, actor=sora, now=now),
    )

    assert DefinitionVersion.objects.get(pk=version.pk).status == "draft"
    assert not version.signatures.filter(voided_at=None).exists()
