"""For the tests: real PostgreSQL and Redis, fast password hashing, mails kept in memory."""

import os

from alignment.settings.base import *  # noqa: F403
from alignment.settings.base import DATABASE_OWNER, DATABASES, LOGGING

SECRET_KEY = "for-tests-only-" + "t" * 40
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
SITE_URL = "http://testserver"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
DATABASES["default"] |= DATABASE_OWNER  # beside `make run`: only the owner may make a database for the tests
DATABASE_OWNER = {}
DATABASES["default"]["CONN_MAX_AGE"] = 0
DATABASES["default"]["OPTIONS"]["options"] += " -c alignment.may_empty_history=yes"  # between two tests
DATABASES["default"]["TEST"] = {"NAME": "test_alignment" + os.environ.get("TEST_DB_SUFFIX", "")}
DEMO = True
LANGUAGE_CODE = "en"
LOGGING["root"] = {"handlers": ["console"], "level": "ERROR"}
FAILPOINTS_ENABLED = True
