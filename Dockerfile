# syntax=docker/dockerfile:1

# 1. The front-end packages, as package-lock.json says.
FROM node:24-slim AS front-end
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

# 2. The Python packages, every file checked against its hash; wheels only, so no compiler is needed.
FROM python:3.13-slim AS packages
COPY requirements-prod.lock /tmp/
RUN python -m venv --without-pip /opt/venv \
    && python -m pip --python /opt/venv/bin/python install --no-cache-dir --disable-pip-version-check --no-compile \
        --only-binary :all: --require-hashes --requirement /tmp/requirements-prod.lock \
    && (/opt/venv/bin/python -m compileall -q /opt/venv/lib || true)

# 3. The application with its translations and static files.
FROM python:3.13-slim AS application
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY --from=packages /opt/venv /opt/venv
COPY --from=front-end /app/node_modules node_modules
COPY . .
# Production settings refuse to load without these; the values end with this step. What is ignored is used by no page.
RUN export DJANGO_SETTINGS_MODULE=alignment.settings.prod SITE_URL=https://build.invalid \
        SECRET_KEY=only-for-the-build-only-for-the-build-only-for-the-build-only \
        DATABASE_URL=postgresql://build.invalid/none REDIS_URL=redis://build.invalid EMAIL_URL=smtp://build.invalid \
    && python manage.py compile_translations \
    && python manage.py collectstatic --no-input \
    && rm -rf node_modules package.json package-lock.json .npmrc requirements-prod.lock \
    && chmod -R a+rX .

# 4. What runs.
FROM python:3.13-slim
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=alignment.settings.prod \
    HOME=/tmp
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin alignment
WORKDIR /app
COPY --from=packages /opt/venv /opt/venv
COPY --from=application /app .
USER 10001
EXPOSE 8000
# The Host header must be one that the settings allow.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-c", "\
import os, urllib.parse, urllib.request as web;\
host = urllib.parse.urlsplit(os.environ['SITE_URL']).netloc;\
web.urlopen(web.Request('http://127.0.0.1:8000/healthz', headers={'Host': host}), timeout=4)"]
CMD ["gunicorn", "alignment.wsgi:application", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", \
    "--workers", "3", "--threads", "8", "--timeout", "60", "--graceful-timeout", "30", \
    "--max-requests", "5000", "--max-requests-jitter", "500", "--worker-tmp-dir", "/dev/shm", "--no-control-socket", \
    "--config", "python:alignment.settings.gunicorn"]
