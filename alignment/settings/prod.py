"""For production: refuses to start without its secrets, and with DEBUG."""

import re

from django.core.exceptions import ImproperlyConfigured

from alignment.settings.base import *  # noqa: F403
from alignment.settings.base import ALLAUTH_TRUSTED_PROXY_COUNT, DEMO, METRICS_KEY, SECRET_KEY, SITE_URL, STORAGES, env


def _refuse(name: str, how: str) -> None:
    raise ImproperlyConfigured(f"{name} is not usable. {how}")


if env.bool("DEBUG", default=False):
    _refuse("DEBUG", "Unset it: production never runs in debug mode.")
if DEMO:
    _refuse("DEMO", "Unset it: its mailbox page shows everybody's mails. The demo is for `make run`.")
if len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5 or SECRET_KEY.startswith("for-this-machine-only"):
    _refuse("SECRET_KEY", "Make one: python3 -c 'import secrets; print(secrets.token_urlsafe(64))'")
if not re.fullmatch(r"https://([^\s/?#@:\[\]]+|\[[0-9a-fA-F:.]+\])(:\d{1,5})?", SITE_URL):
    _refuse("SITE_URL", "Set it to the public https address without a path, for example https://alignment.example.com")
for _name in ("DATABASE_URL", "REDIS_URL", "EMAIL_URL"):
    if not env.str(_name, default=""):
        _refuse(_name, "Set it (see .env.example).")
if METRICS_KEY and not re.fullmatch(r"[!-~]{32,}", METRICS_KEY):  # nothing slows down who guesses
    _refuse("METRICS_KEY", "Make one of 32 characters or more: openssl rand -hex 32")

STORAGES["staticfiles"] = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-sessionid"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrftoken"
LANGUAGE_COOKIE_SECURE = True
REQUIRE_MFA = env.str("REQUIRE_MFA", default="managers")
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
if ALLAUTH_TRUSTED_PROXY_COUNT:  # without a proxy of ours anybody could claim that a request came encrypted
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 2 * 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
