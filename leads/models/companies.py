"""Companies."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from alignment.kernel import history
from leads.rules import normalise

_LOOSE_KEY = Func(
    "name_key", template=normalise.LOOSE_COMPANY_KEY_SQL % "%(expressions)s", output_field=models.TextField()
)
_ONE_LEVEL = """
    IF EXISTS (SELECT FROM leads_account WHERE id = NEW.parent_id AND parent_id IS NOT NULL)
        OR EXISTS (SELECT FROM leads_account WHERE parent_id = NEW.id)
    THEN
        RAISE EXCEPTION 'A parent company has none itself' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


class StandingAccounts(models.Manager["Account"]):
    """The companies that count."""

    def get_queryset(self) -> models.QuerySet[Account]:
        return super().get_queryset().filter(merged_into=None)


@history.tracked("AccountHistory")
class Account(models.Model):
    """A company; ``name_key`` is the normalised name by which it is found again.

    ``corporate_number`` is the 法人番号. Two companies may have the same one, such as a firm and its branch that came
    under names of their own: they stand among the possible duplicates until somebody merges them.

    ``objects`` are the companies that stand; ``everything`` has also those that became part of another
    (``merged_into``): their names lead to it.
    """

    name = models.CharField(_("company"), max_length=200)
    name_key = models.CharField(max_length=200, unique=True)
    corporate_number = models.CharField(_("corporate number"), max_length=13, blank=True)
    industry = models.CharField(_("industry"), max_length=100, blank=True)
    prefecture = models.CharField(_("prefecture"), max_length=20, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=8, blank=True)
    address = models.CharField(_("address"), max_length=300, blank=True)
    employee_count = models.PositiveIntegerField(_("employees"), null=True, blank=True)
    is_key_account = models.BooleanField(_("key account"), default=False)
    parent = models.ForeignKey(
        "self",
        verbose_name=_("parent company"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="subsidiaries",
    )
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField()

    objects = StandingAccounts()
    everything = models.Manager["Account"]()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name_key=""), name="account_has_key"),
            models.CheckConstraint(
                condition=Q(corporate_number="") | Q(corporate_number__regex=r"^[1-9]\d{12}$"),
                name="account_corporate_number_digits",
            ),
            models.CheckConstraint(
                condition=Q(postal_code="") | Q(postal_code__regex=r"^\d{3}-\d{4}$"), name="account_postal_code_form"
            ),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="account_is_not_its_parent"),
            models.CheckConstraint(condition=Q(merged_into=None) | Q(parent=None), name="account_merged_has_no_parent"),
        ]
        indexes = [
            models.Index(fields=["corporate_number"], condition=~Q(corporate_number=""), name="account_number_idx"),
            models.Index(fields=["merged_into"], condition=Q(merged_into__isnull=False), name="account_merged_idx"),
            models.Index(_LOOSE_KEY, name="account_loose_key_idx"),
        ]
        triggers = [history.checked("parent", name="one_level", func=_ONE_LEVEL)]

    def __str__(self) -> str:
        return self.name

    @property
    def display_name(self) -> str:
        """How people call it; as of a lead."""
        return self.name

    @property
    def stands(self) -> bool:
        """Whether it counts: it is no part of another one."""
        return self.merged_into_id is None
