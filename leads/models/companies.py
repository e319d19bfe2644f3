"""Companies."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alignment.kernel import history


@history.tracked("AccountHistory")
class Account(models.Model):
    """A company; ``name_key`` is the normalised name by which it is found again."""

    name = models.CharField(_("company"), max_length=200)
    name_key = models.CharField(max_length=200, unique=True)
    industry = models.CharField(_("industry"), max_length=100, blank=True)
    prefecture = models.CharField(_("prefecture"), max_length=20, blank=True)
    employee_count = models.PositiveIntegerField(_("employees"), null=True, blank=True)
    is_key_account = models.BooleanField(_("key account"), default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(name_key=""), name="account_has_key")]

    def __str__(self) -> str:
        return self.name
