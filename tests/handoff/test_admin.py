"""What both sides agreed is looked up in Django's admin site, and changed on its own pages only."""

from __future__ import annotations

import pytest

from handoff.models import RejectionReason, RoutingRule, SlaPolicy


@pytest.fixture
def site(client, kei):
    """The admin site, for somebody whom Django lets do everything."""
    kei.is_superuser = True
    kei.save()
    client.force_login(kei)
    return client


@pytest.mark.parametrize("model", [RoutingRule, RejectionReason, SlaPolicy])
def test_agreements_are_read_only_there(model, rule, agreements, site):
    row = model.objects.order_by("pk").first()
    page = f"/django-admin/handoff/{model._meta.model_name}/"

    assert site.get(f"{page}{row.pk}/change/").status_code == 200
    assert site.post(f"{page}{row.pk}/change/", {"condition": '{"nonsense": 1}'}).status_code == 403
    assert site.post(f"{page}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert site.get(f"{page}add/").status_code == 403
    assert model.objects.filter(pk=row.pk).exists()
