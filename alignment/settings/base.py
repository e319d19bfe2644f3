"""All settings. The environment is read here and nowhere else; dev, test and prod hold differences only.

Each variable that an operator may set is read through ``env``; the README's table of settings lists them.
"""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
import pghistory
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from environ.fileaware_mapping import FileAwareMapping

from alignment.kernel import logs

BASE_DIR = Path(__file__).resolve().parent.parent.parent
NODE_MODULES = BASE_DIR / "node_modules"


class Given(FileAwareMapping):
    """The environment, in which a variable that is empty counts as not set: docker compose passes them on like that."""

    def __getitem__(self, key: str) -> str:
        value: str = super().__getitem__(key)
        if not value:
            raise KeyError(key)
        return value


class Environment(environ.FileAwareEnv):
    """Reads variables, also from files."""

    ENVIRON = Given()


env = Environment()

# The servers of `make run` and `make services` leave their addresses here; production knows only its environment.
if not os.environ.get("DJANGO_SETTINGS_MODULE", "").endswith(".prod"):
    _is_elsewhere = env.str("DATABASE_URL", default="") and not env.str("DATABASE_OWNER_URL", default="")
    Environment.read_env(BASE_DIR / ".local" / "services.env")
    if _is_elsewhere:  # the owner over there owns nothing here
        os.environ.pop("DATABASE_OWNER_URL", None)

DEBUG = False
SECRET_KEY: str = env.str("SECRET_KEY", default="")
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", default=[])

# The one public address: allowed hosts, CSRF origins and the links in mails all derive from it.
SITE_URL: str = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS: list[str] = [urlsplit(SITE_URL).hostname or "127.0.0.1", *env.list("ALLOWED_HOSTS", default=[])]
CSRF_TRUSTED_ORIGINS = [SITE_URL]
DEMO: bool = env.bool("DEMO", default=False)

INSTALLED_APPS = [
    "django.contrib.admin",
    "alignment.accounts",  # before Django's own, for its changepassword
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "alignment.kernel.assets.Assets",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "django_filters",
    "django_htmx",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "knox",
    "pghistory",
    "pgtrigger",
    "rest_framework",
    "template_partials",
    "alignment.kernel",
    "alignment.outbox",
    "alignment.programs",
    "alignment.exports",
    "alignment.health",
    "leads",
    "handoff",
    "reviews",
    "alignment.demo",
]

MIDDLEWARE = [
    "alignment.health.middleware.ProbeMiddleware",
    "alignment.health.middleware.RequestSecondsMiddleware",
    "alignment.kernel.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "alignment.accounts.middleware.PrivateAnswersMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "alignment.accounts.middleware.SessionLimitsMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "alignment.accounts.middleware.PersonalSettingsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "alignment.accounts.second_factor.SecondFactorMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "alignment.kernel.middleware.DomainErrorMiddleware",
]

ROOT_URLCONF = "alignment.urls"
WSGI_APPLICATION = "alignment.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "alignment.kernel.templatetags.ui",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "alignment.home.context.shell",
                "alignment.demo.context.entrance",
            ],
        },
    },
]

# -- data -----------------------------------------------------------------------------------------


def _database(address: dict[str, Any]) -> dict[str, Any]:
    """A database's settings; what its address itself says (?sslmode=verify-full) is kept."""
    return address | {
        "CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=60),
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,  # transactions belong to services
        "OPTIONS": {
            "options": "-c lock_timeout=5000 -c statement_timeout=60000 -c timezone=UTC",
            "connect_timeout": 5,
            # A host that vanished without a word is noticed within half a minute (TCP only, not on a Unix socket).
            "keepalives_idle": 15,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 30_000,
            **address.get("OPTIONS", {}),
        },
    }


DATABASES = {"default": _database(env.db_url("DATABASE_URL", default="postgresql://127.0.0.1:5432/alignment"))}
# Whom `migrate` works as, and only it: the owner of the tables (see alignment/kernel/privileges.py).
DATABASE_OWNER: dict[str, Any] = (
    _database(env.db_url("DATABASE_OWNER_URL")) if env.str("DATABASE_OWNER_URL", default="") else {}
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Sign-in limits and used one-time codes must hold while Redis is down: the cache is a table (health.CacheEntry).
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache_entry",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# -- Celery: the doorbell (see alignment/kernel/queue.py) --------------------------------------------
REDIS_URL: str = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CELERY_BROKER_URL = re.sub(r"^unix://", "redis+socket://", REDIS_URL)
# The patience of worker and beat: longer than the blocking read of a second, so that a broken connection is noticed.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "global_keyprefix": "alignment.",
    "socket_timeout": 10.0,
    "socket_connect_timeout": 5.0,
    "socket_keepalive": True,
    "health_check_interval": 10,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_TASK_TIME_LIMIT = 110  # below the lease of a claim (120 s)
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "outbox.*": {"queue": "notice"},
    "reviews.*": {"queue": "report"},
    "leads.take_imports": {"queue": "import"},
}
CELERY_TASK_PUBLISH_RETRY = False

# -- people --------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
_OUR_FORMS = "alignment.accounts.forms.signing_in"
ACCOUNT_FORMS = {
    "login": f"{_OUR_FORMS}.LoginForm",
    "reauthenticate": f"{_OUR_FORMS}.ReauthenticateForm",
    "reset_password": f"{_OUR_FORMS}.ResetPasswordForm",
    "reset_password_from_key": f"{_OUR_FORMS}.ResetPasswordKeyForm",
    "change_password": f"{_OUR_FORMS}.ChangePasswordForm",
    "set_password": f"{_OUR_FORMS}.SetPasswordForm",
}
MFA_FORMS = {
    "authenticate": f"{_OUR_FORMS}.AuthenticateForm",
    "reauthenticate": f"{_OUR_FORMS}.ReauthenticateByCodeForm",
    "activate_totp": f"{_OUR_FORMS}.ActivateTOTPForm",
}
ACCOUNT_ADAPTER = "alignment.accounts.adapter.InvitedOnlyAdapter"
SOCIALACCOUNT_ADAPTER = "alignment.accounts.adapter.InvitedOnlySocialAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"  # an invitation proves the address
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # before second factors and API tokens change
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a changed password or second factor is told to its owner
MFA_ADAPTER = "alignment.accounts.adapter.SealedFactorsAdapter"
MFA_TOTP_ISSUER = "Alignment"
# Who must set up a second factor before anything else; kept by alignment.accounts.second_factor.
REQUIRE_MFA: str = env.str("REQUIRE_MFA", default="nobody")
if REQUIRE_MFA not in {"nobody", "managers", "everyone"}:
    raise ImproperlyConfigured("REQUIRE_MFA is not usable. Set it to nobody, managers or everyone.")
INVITATION_VALID_FOR = timedelta(days=7)
# Proxies in front of us, each of which adds one address to X-Forwarded-For.
ALLAUTH_TRUSTED_PROXY_COUNT: int = env.int("TRUSTED_PROXY_COUNT", default=0)
# Limits of a session, kept by alignment.accounts.middleware: without use, and at the longest.
SESSION_IDLE_LIMIT = timedelta(hours=env.int("SESSION_IDLE_HOURS", default=8))
SESSION_ABSOLUTE_LIMIT = timedelta(days=env.int("SESSION_DAYS", default=7))
SESSION_COOKIE_AGE = int(SESSION_ABSOLUTE_LIMIT.total_seconds())
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "alignment.kernel.views.csrf_failure"

# Single sign-on (OpenID Connect): offered when the three variables are set. Addresses that the provider verified are
# those of invited people; from then on the provider's own id counts.
OIDC_SERVER_URL: str = env.str("OIDC_SERVER_URL", default="").rstrip("/")
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": []}}
if OIDC_SERVER_URL:
    SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"] = [
        {
            "provider_id": "sso",
            "name": env.str("OIDC_NAME", default="Single sign-on"),
            "client_id": env.str("OIDC_CLIENT_ID"),
            "secret": env.str("OIDC_CLIENT_SECRET"),
            "settings": {"server_url": OIDC_SERVER_URL},
        }
    ]

# -- languages and time -----------------------------------------------------------------------------
LANGUAGES = [("ja", "日本語"), ("en", "English")]
LANGUAGE_CODE = "ja"
LOCALE_PATHS = [BASE_DIR / "alignment" / "locale"]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# -- files ------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    *(
        (prefix, NODE_MODULES / folder)
        for prefix, folder in {
            "tabler/css": "@tabler/core/dist/css",
            "vega": "vega/build",
            "vega-lite": "vega-lite/build",
            "vega-embed": "vega-embed/build",
        }.items()
        if (NODE_MODULES / folder).exists()
    ),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2500  # the columns of an import: 1,000, each with a field and a form of dates

# -- mail ----------------------------------------------------------------------------------------------------
EMAIL_URL: str = env.str("EMAIL_URL", default="")
if EMAIL_URL:
    vars().update(env.email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
EMAIL_TIMEOUT = 10  # per step of the conversation; all steps together end before the lease of a claim
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", default="Alignment <alignment@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# -- safety -----------------------------------------------------------------------------------------------------
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# Browsers apply form-action to the redirect that follows a form, so the sign-on provider's origin is named.
OIDC_ORIGIN = [f"{_url.scheme}://{_url.netloc}"] if (_url := urlsplit(OIDC_SERVER_URL)).netloc else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF, *OIDC_ORIGIN],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
        "manifest-src": [SELF],
    }
}

# -- API -----------------------------------------------------------------------------------------------------------
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "alignment.accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "alignment.accounts.permissions.HasScope",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["alignment.programs.api.limits.RequestLimits"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["alignment.kernel.parsers.JsonParser"],
    "DEFAULT_SCHEMA_CLASS": "alignment.programs.api.schema.ApiSchema",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "alignment.kernel.api.Pages",
    "EXCEPTION_HANDLER": "alignment.kernel.api.exception_handler",
    "NUM_PROXIES": ALLAUTH_TRUSTED_PROXY_COUNT or None,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
API_TOKEN_VALID_FOR = timedelta(days=365)
# Requests a minute: of one token, and of one person with everything that runs in their name.
API_REQUESTS_OF_TOKEN: int = env.int("API_REQUESTS_OF_TOKEN", default=600)
API_REQUESTS_OF_USER: int = env.int("API_REQUESTS_OF_USER", default=1200)
for _name in ("API_REQUESTS_OF_TOKEN", "API_REQUESTS_OF_USER"):
    if vars()[_name] < 1:
        raise ImproperlyConfigured(f"{_name} is not usable. Set it to 1 or more requests a minute.")
KNOX_TOKEN_MODEL = "accounts.ApiToken"  # noqa: S105 - the name of a table
MIGRATION_MODULES = {"knox": None}  # its own table would only stay empty
REST_KNOX = {"TOKEN_TTL": API_TOKEN_VALID_FOR, "TOKEN_PREFIX": "algn_", "AUTO_REFRESH": False}
SPECTACULAR_SETTINGS = {
    "TITLE": "Alignment API",
    "DESCRIPTION": "Leads, handoffs and the figures that both sides share.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "alignment.kernel.schema.document_refusals",
    ],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "ENUM_NAME_OVERRIDES": {
        "HandoffStatus": "handoff.rules.workflow.Status",
        "ItemStatus": "leads.api.batches.ItemStatus",
        "WinReason": "leads.models.Deal.WinReason",
        "LossReason": "leads.models.Deal.LossReason",
        "VersionStatus": "leads.rules.versions.VersionStatus",
    },
}

# -- history: database triggers write it, whoever makes the change --------------------------------------
PGHISTORY_APPEND_ONLY = True
# A bulk write by one statement; row by row costs more than the write itself. Levels are compared by identity.
PGHISTORY_LEVEL = pghistory.Statement  # type: ignore[has-type, unused-ignore]
PGHISTORY_OBJ_FIELD = pghistory.ObjForeignKey(related_name="history", related_query_name="history")

# -- monitoring: what reads /metrics and the details of /readyz sends this as a bearer token ------------------
METRICS_KEY: str = env.str("METRICS_KEY", default="")

# -- logs --------------------------------------------------------------------------------------------------------
LOG_LEVEL: str = env.str("LOG_LEVEL", default="INFO")
LOGGING = logs.configured(level=LOG_LEVEL)
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_USER_ID_FIELD = "pk"
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True  # RequestIdMiddleware has replaced what is none
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False  # an address of a person is nothing for the log of every request

# -- the organisation's first values (editable in the settings pages afterwards) ------------------------
DEFAULT_ORGANISATION = {"time_zone": "Asia/Tokyo", "currency": "JPY", "fiscal_year_start_month": 4}
SITE_TITLE = _("Alignment")
