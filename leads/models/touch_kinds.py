"""What a lead can do with marketing's work, as the people of this company call it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alignment.kernel import history
from leads.rules.fields import TouchWord, Words


@history.tracked("TouchKindHistory")
class TouchKind(models.Model):
    """A kind of touch. Its key never changes: touches, conditions and programs name it.

    One that is out of use (``is_active`` false) is offered no more; what names it stays readable and is judged.
    """

    key = models.SlugField(_("key"), max_length=20, primary_key=True)
    label_en = models.CharField(_("label (English)"), max_length=100)
    label_ja = models.CharField(_("label (Japanese)"), max_length=100)
    position = models.PositiveSmallIntegerField(_("Order"), default=0)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(key="") & ~Q(label_en="") & ~Q(label_ja=""), name="touch_kind_named"),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def label(self) -> str:
        """The label in the active language."""
        return str(self.as_word().label)

    def as_word(self) -> TouchWord:
        """The kind as conditions name it."""
        return TouchWord(self.key, Words(ja=self.label_ja, en=self.label_en), offered=self.is_active)
