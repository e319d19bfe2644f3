"""For the processes of the fault tests: connections are kept as in production, and mails go into a folder."""

import os

from alignment.settings.test import *  # noqa: F403
from alignment.settings.test import DATABASES, INSTALLED_APPS, LOGGING

REMOVED_GUARDS = frozenset(os.environ.get("FAULT_WITHOUT", "").split(",")) - {""}
INSTALLED_APPS = [*INSTALLED_APPS, "tests.fault"]
EMAIL_BACKEND = "tests.fault.mailbox.FolderBackend"
DATABASES["default"]["CONN_MAX_AGE"] = 60
LOGGING["root"]["level"] = "WARNING"

if "connection_checks" in REMOVED_GUARDS:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = False
if "broker_retry" in REMOVED_GUARDS:
    CELERY_BROKER_CONNECTION_RETRY = False
    CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = False
if "worker_patience" in REMOVED_GUARDS:
    CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, "global_keyprefix": "alignment."}
