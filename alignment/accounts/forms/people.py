"""Forms about people: invite, edit, let oneself in, find."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from alignment.accounts import selectors
from alignment.accounts.models import Organisation, Team, User
from alignment.accounts.roles import POSITIONS
from alignment.kernel.forms import Form

NEW = "new"


def position_of(user: User) -> str:
    """A role and its side as one value of a form; an admin's side does not count."""
    return next(
        (key for role, side in POSITIONS if (key := f"{role}:{side}") and role == user.role and side == user.side),
        f"{user.role}:",
    )


def position_choices() -> list[tuple[str, Any]]:
    """The five things a person can be."""
    return [(f"{role}:{side}", words) for (role, side), words in POSITIONS.items()]


class TeamField(forms.ModelChoiceField):
    """A team, with the word for its side."""

    def label_from_instance(self, obj: Team) -> str:
        return f"{obj.name} ({obj.get_side_display()})"


class PersonForm(Form):
    """What an admin decides about a person."""

    full_name = forms.CharField(label=_("Name"), max_length=150, error_messages={"required": _("Enter the name.")})
    position = forms.ChoiceField(label=_("Role"), choices=position_choices)
    team = TeamField(
        label=_("Team"),
        queryset=Team.objects.none(),
        required=False,
        empty_label=_("no team"),
        help_text=_("Sales reps get offers through their team."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = Team.objects.order_by("side", "name", "pk")  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        """What the services take."""
        role, _colon, side = self.cleaned_data["position"].partition(":")
        rest = {name: value for name, value in self.cleaned_data.items() if name != "position"}
        return rest | {"role": role, "side": side}


class InvitationForm(PersonForm):
    """Whom to invite, and in which language."""

    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("The invitation goes here; it is also the name to sign in with."),
        error_messages={
            "required": _("Enter the e-mail address."),
            "invalid": _("Write an e-mail address such as name@example.com."),
        },
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    same_as = forms.ChoiceField(
        label=_("Which person"),
        widget=forms.RadioSelect,
        help_text=_("Leads and deals of the imported records stay with the person whom they name."),
        error_messages={
            "required": _("Imported records name somebody like this. Say whether it is the same person."),
        },
    )
    field_order = ("email", "full_name", "same_as", "position", "team", "language")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].initial = Organisation.get().default_language
        known = selectors.namesakes(self.data.get("full_name", ""))
        if known:
            same = _("%(name)s from the imported records")
            choices = [(str(person.pk), same % {"name": person.full_name}) for person in known]
            self.fields["same_as"].choices = [*choices, (NEW, _("somebody else of this name"))]  # type: ignore[attr-defined]
        else:
            del self.fields["same_as"]

    def values(self) -> dict[str, Any]:
        """What the services take."""
        values = super().values()
        same_as = values.pop("same_as", "")
        is_new = same_as == NEW
        return values | {"same_as": int(same_as) if same_as and not is_new else None, "is_somebody_else": is_new}


class AcceptForm(Form):
    """What an invited person says at the door."""

    full_name = forms.CharField(
        label=_("Your name"),
        max_length=150,
        help_text=_("As your colleagues should read it."),
        error_messages={"required": _("Enter your name.")},
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=256,
        widget=forms.PasswordInput,
        help_text=_("At least 10 characters. Several words in a row are easy to remember and hard to guess."),
        error_messages={"required": _("Choose a password.")},
    )


class PeopleFilter(Form):
    """How to narrow the list of people. Every field may be left out."""

    q = forms.CharField(label=_("Name or e-mail address"), required=False, max_length=100)
    position = forms.ChoiceField(label=_("Role"), required=False)
    team = TeamField(label=_("Team"), queryset=Team.objects.none(), required=False, empty_label=_("all teams"))
    state = forms.ChoiceField(label=_("State"), required=False)

    STATES = (
        ("", _("all states")),
        ("active", _("can sign in")),
        ("invited", _("invited")),
        ("inactive", _("cannot sign in")),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("all roles")), *position_choices()]
        self.fields["position"].choices = choices  # type: ignore[attr-defined]
        self.fields["state"].choices = self.STATES  # type: ignore[attr-defined]
        self.fields["team"].queryset = Team.objects.order_by("side", "name", "pk")  # type: ignore[attr-defined]
