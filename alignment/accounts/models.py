"""People, teams, absences, and the one organisation they belong to."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from knox.models import AbstractAuthToken

from alignment.accounts.policies import Permission, allows
from alignment.accounts.roles import POSITIONS, Role, Side
from alignment.accounts.scopes import Scope, all_scopes
from alignment.kernel import history
from alignment.kernel.calendar import WeeklyHours
from alignment.kernel.errors import DomainError, NotAllowed

DEFAULT_WEEKLY_HOURS = {day: [["09:00", "12:00"], ["13:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


def default_weekly_hours() -> dict[str, list[list[str]]]:
    """Monday to Friday, 9 to 18 with an hour of lunch."""
    return {day: [list(span) for span in spans] for day, spans in DEFAULT_WEEKLY_HOURS.items()}


def validate_weekly_hours(value: Any) -> None:
    """Refuse weekly hours that the business calendar cannot read, with the place of the fault."""
    try:
        WeeklyHours.parse(value)
    except DomainError as error:
        raise ValidationError(error.message) from error


def validate_time_zone(value: str) -> None:
    """Refuse a name that is no IANA time zone."""
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValidationError(_("“%(zone)s” is not a time zone."), params={"zone": value}) from error


@history.tracked("OrganisationHistory")
class Organisation(models.Model):
    """The one company that uses this installation (a single row)."""

    name = models.CharField(_("name"), max_length=200, default="Alignment")
    time_zone = models.CharField(_("time zone"), max_length=64, default="Asia/Tokyo", validators=[validate_time_zone])
    currency = models.CharField(_("currency"), max_length=3, default="JPY")
    fiscal_year_start_month = models.PositiveSmallIntegerField(
        _("first month of the fiscal year"),
        default=4,
        validators=[MinValueValidator(1), MaxValueValidator(12)],
    )
    holiday_country = models.CharField(_("public holidays of"), max_length=2, default="JP", blank=True)
    weekly_hours = models.JSONField(
        _("working hours"), default=default_weekly_hours, validators=[validate_weekly_hours]
    )
    default_language = models.CharField(_("default language"), max_length=8, default="ja", choices=settings.LANGUAGES)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="organisation_is_one_row"),
            models.CheckConstraint(
                condition=Q(fiscal_year_start_month__range=(1, 12)), name="organisation_fiscal_month"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which the organisation's days and months begin."""
        return ZoneInfo(self.time_zone)

    @property
    def phone_region(self) -> str:
        """The country of phone numbers that do not say theirs."""
        return self.holiday_country or "JP"

    @classmethod
    def get(cls) -> Organisation:
        """The organisation's row, made with its defaults the first time."""
        return cls.objects.get_or_create(pk=1)[0]


class CompanyDay(models.Model):
    """A day on which the company's calendar differs from the public one."""

    class Kind(models.TextChoices):
        CLOSED = "closed", pgettext_lazy("company day", "closed")
        OPEN = "open", pgettext_lazy("company day", "open")

    on = models.DateField(_("day"), unique=True)
    kind = models.CharField(_("open or closed"), max_length=6, choices=Kind.choices, default=Kind.CLOSED)
    name = models.CharField(_("name"), max_length=100, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(kind__in=("closed", "open")), name="company_day_kind")]

    def __str__(self) -> str:
        return f"{self.on} {self.kind}"


@history.tracked("TeamHistory")
class Team(models.Model):
    """A group of people of one side; its hours (or the organisation's) rule its clocks."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    side = models.CharField(_("side"), max_length=10, choices=Side.choices)
    weekly_hours = models.JSONField(_("working hours"), null=True, blank=True, validators=[validate_weekly_hours])

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(side__in=Side.values), name="team_side")]

    def __str__(self) -> str:
        return self.name


class UserQuerySet(models.QuerySet["User"]):
    """Named conditions on people."""

    def active(self) -> UserQuerySet:
        return self.filter(is_active=True)

    def managers_of(self, side: str) -> UserQuerySet:
        return self.active().filter(role=Role.MANAGER, side=side)


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Makes people; ``manage.py createsuperuser`` makes an admin."""

    use_in_migrations = False

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Save a person who can sign in with ``email``; without a password only by invitation or single sign-on."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Save the first admin."""
        return self.create_user(
            email, password, role=Role.ADMIN, side="", is_superuser=True, **({"full_name": email} | fields)
        )

    def get_by_natural_key(self, email: str | None) -> User:
        return self.get(email__iexact=email)


@history.tracked("UserHistory", exclude=["password", "last_login"])
class User(AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing]  # knox's manager is untyped
    """A person. Without an e-mail address it is a name that an import brought, to be matched to a person later."""

    email = models.EmailField(_("e-mail address"), null=True, blank=True, unique=True)
    full_name = models.CharField(_("name"), max_length=150)
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    side = models.CharField(_("side"), max_length=10, choices=Side.choices, blank=True)
    team = models.ForeignKey(
        Team, verbose_name=_("team"), on_delete=models.PROTECT, null=True, blank=True, related_name="members"
    )
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES, default="ja")
    time_zone = models.CharField(_("time zone"), max_length=64, default="Asia/Tokyo", validators=[validate_time_zone])
    weekly_hours = models.JSONField(_("working hours"), null=True, blank=True, validators=[validate_weekly_hours])
    shortcuts_enabled = models.BooleanField(_("keyboard shortcuts"), default=True)
    is_active = models.BooleanField(_("may sign in"), default=True)
    # Part of what a session is checked against: one more ends every session of this person, wherever it is.
    sessions_ended = models.PositiveIntegerField(default=0, editable=False)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["full_name"]

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_ignoring_case"),
            models.CheckConstraint(condition=Q(is_active=False) | Q(email__isnull=False), name="user_active_has_email"),
            models.CheckConstraint(
                condition=Q(role=Role.MARKETER, side=Side.MARKETING)
                | Q(role=Role.SALES_REP, side=Side.SALES)
                | Q(role=Role.MANAGER, side__in=Side.values)
                | Q(role=Role.ADMIN),
                name="user_side_fits_role",
                violation_error_message=_("This role does not go with this side."),
            ),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def is_staff(self) -> bool:
        """Django's own admin site is for admins."""
        return self.role == Role.ADMIN and self.is_active

    @property
    def is_manager(self) -> bool:
        return self.role == Role.MANAGER

    @property
    def role_name(self) -> str:
        """What the person is, in the active language: a manager is one of a side."""
        return str(POSITIONS.get((self.role, self.side), self.get_role_display()))

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must still match: it does not after a changed password or an ended session."""
        value = f"{self.password}.{self.sessions_ended}"
        return salted_hmac("alignment.accounts.sessions", value, secret=secret, algorithm="sha256").hexdigest()

    def may(self, permission: Permission) -> bool:
        """True where this person holds ``permission``."""
        return self.is_active and allows(permission, role=self.role, side=self.side)

    def require(self, permission: Permission) -> None:
        """Raise ``NotAllowed`` where this person does not hold ``permission``."""
        if not self.may(permission):
            raise NotAllowed(_("Your role does not allow this."))


class Absence(models.Model):
    """Days on which a person is away, both ends included."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="absences")
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"))
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="absence_ends_after_start",
                violation_error_message=_("The last day must not be before the first."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.starts_on}..{self.ends_on}"


class Invitation(models.Model):
    """An open door for one address: the token leaves by mail and only its hash is kept. Open once, for some days."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="invitation")
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="invitations_sent")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"#{self.pk} {self.user}"

    def is_open(self, now: datetime) -> bool:
        """True where the door can still be used."""
        return self.accepted_at is None and self.expires_at > now


class ApiToken(AbstractAuthToken):
    """What a program signs in with for a person. Only its hash is kept; it says what it is for and when it was used.

    ``scopes`` narrow what its person may do; ``permissions.HasScope`` keeps them.
    """

    name = models.CharField(_("what it is for"), max_length=100, blank=True)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope.choices), default=all_scopes)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(scopes__contained_by=Scope.values) & Q(scopes__len__gt=0), name="api_token_scopes"
            )
        ]

    def __str__(self) -> str:
        return f"{self.token_key}… {self.user}"

    @property
    def scope_names(self) -> list[str]:
        """What the token may be used for, in the active language."""
        return [str(Scope(scope).label) for scope in self.scopes]
