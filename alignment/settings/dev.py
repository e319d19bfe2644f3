"""For `make run` and work on the command line: no secrets needed, plain http on this machine."""

from alignment.settings.base import *  # noqa: F403
from alignment.settings.base import ALLOWED_HOSTS, EMAIL_URL, env

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="for-this-machine-only-never-in-production-" + "x" * 20)
ALLOWED_HOSTS = [*ALLOWED_HOSTS, "localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [f"http://{host}:{env.str('PORT', default='8000')}" for host in ("127.0.0.1", "localhost")]
DEMO = env.bool("DEMO", default=True)
if not EMAIL_URL:
    EMAIL_BACKEND = env.str("EMAIL_BACKEND", default="alignment.outbox.backends.DiscardBackend")
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
