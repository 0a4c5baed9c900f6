"""Every setting, and the only place that reads the environment (docs/settings.md lists the variables).

With no environment at all: SQLite in WAL, Celery's filesystem broker, local media, one machine.
"""

import os
from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from tempfile import NamedTemporaryFile

from csp.constants import NONE, SELF
from environs import Env, validate

BASE_DIR = Path(__file__).resolve().parent.parent
STATIC_DIR = BASE_DIR / "static"  # in a wheel they are listening/static, which Django finds by itself
INSTALLED = not STATIC_DIR.is_dir()
HOME = Path.cwd() if INSTALLED else BASE_DIR
env = Env()
env.read_env(HOME / ".env", recurse=False)

DEBUG = env.bool("DEBUG", False)
VAR_ROOT = env.path("VAR_ROOT", HOME / "var")
VAR_ROOT.mkdir(parents=True, exist_ok=True)


def own_secret_key() -> str:
    """Return the key kept in VAR_ROOT, made on first use: good for one machine; several need SECRET_KEY.

    Of processes that start at once one makes it: its file gets its name only once it is whole, and only if none has it.
    """
    from django.core.management.utils import get_random_secret_key

    path = VAR_ROOT / "secret_key"
    if not path.exists():
        with NamedTemporaryFile("w", dir=VAR_ROOT, prefix=".secret_key-", encoding="utf-8") as made:
            made.write(get_random_secret_key())
            made.flush()
            with suppress(FileExistsError):
                path.hardlink_to(made.name)
    return path.read_text(encoding="utf-8")


SECRET_KEY = env.str("SECRET_KEY", "") or own_secret_key()
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
WEB_PROCESSES = env.int("WEB_PROCESSES", min(4, os.cpu_count() or 1))
SITE_URL = env.str("SITE_URL", "http://localhost:8000").rstrip("/")

INSTALLED_APPS = [
    "listening",
    "listening.apps.StudioConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "ninja",
]
MIDDLEWARE = [
    "listening.logs.RequestIds",
    "listening.health.Health",
    "listening.metrics.Metrics",
    "listening.headers.PermissionsPolicy",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "listening.participant.language.StudyLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "listening.disc.FullDisc",
]
ROOT_URLCONF = "listening.urls"
WSGI_APPLICATION = "listening.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# Rows. IMMEDIATE takes SQLite's write lock at BEGIN, so two writers wait instead of failing half-way.
# FULL, so that an answer the page calls saved outlives a power cut (docs/decisions/005-saved-means-on-the-disk.md).
SQLITE_URL = f"sqlite:///{VAR_ROOT / 'hearback.sqlite3'}"
DATABASES = {"default": env.dj_db_url("DATABASE_URL", SQLITE_URL, conn_max_age=60, conn_health_checks=True)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Files. Stimuli are served by their session's right alone, so media has no URL of its own.
MEDIA_ROOT = env.path("MEDIA_ROOT", VAR_ROOT / "media")
STORAGE_URL = env.str("STORAGE_URL", "")
INTAKE_DIR = env.path("INTAKE_DIR", VAR_ROOT / "intake")
INTAKE_ROOTS: list[Path] = env.list("INTAKE_ROOTS", [], subcast=Path)
INTAKE_PREFIX = env.str("INTAKE_PREFIX", "incoming/")
INTAKE_MAX_BYTES = env.int("INTAKE_MAX_BYTES", 2 * 1024**3)
INTAKE_KEPT = env.timedelta("INTAKE_KEPT", timedelta(days=7))
STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", VAR_ROOT / "static")
REPORT_ASSETS = BASE_DIR / "lossmodel" / "objective" / "report" / "assets"
STATICFILES_DIRS = [*([] if INSTALLED else [STATIC_DIR]), ("objective", REPORT_ASSETS)]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG


def media_storage(url: str) -> dict[str, object]:
    """Return Django's storage for ``s3://bucket/prefix?endpoint_url=…``, or local files under MEDIA_ROOT for ""."""
    from urllib.parse import parse_qsl, urlsplit

    if not url:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    parts = urlsplit(url)
    if parts.scheme != "s3":
        raise ValueError(f"STORAGE_URL: {parts.scheme}:// is not known; use s3://bucket/prefix or leave it empty")
    options = {"bucket_name": parts.netloc, "location": parts.path.strip("/"), **dict(parse_qsl(parts.query))}
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}


STORAGES = {
    "default": media_storage(STORAGE_URL),
    "staticfiles": {"BACKEND": "listening.storage.HashedModules"},
}

# Jobs: a run's row is the truth and a message only a wake-up call, so nothing is retried and no result is kept.
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", "filesystem://")
if CELERY_BROKER_URL.startswith("filesystem"):
    _mail = VAR_ROOT / "broker"
    for _folder in ("messages", "processed"):
        (_mail / _folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, str | int] = {
        "data_folder_in": str(_mail / "messages"),
        "data_folder_out": str(_mail / "messages"),
        "control_folder": str(_mail / "control"),
    }
elif CELERY_BROKER_URL.startswith("redis"):  # one that accepts and says nothing keeps no page waiting
    CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 3, "socket_timeout": 5}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.2}
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_ROUTES = {"listening.tasks.train": {"queue": "gpu"}, "listening.tasks.render": {"queue": "gpu"}}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
RETENTION_DAYS = env.int("RETENTION_DAYS", 0)
RUN_LOST_AFTER = env.timedelta("RUN_LOST_AFTER", timedelta(seconds=40))
SWEEP_EVERY = env.timedelta("SWEEP_EVERY", timedelta(seconds=10))
TRAINING_DATA_ROOTS: list[Path] = env.list("TRAINING_DATA_ROOTS", [VAR_ROOT / "songs"], subcast=Path)
TRAINING_DEVICE = env.str("TRAINING_DEVICE", "cpu")

# Messages to researchers: Django's mail and webhooks. Without a host, mail goes to the log.
EMAIL_HOST = env.str("EMAIL_HOST", "")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
EMAIL_PORT = env.int("EMAIL_PORT", 587)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_USER", ""), env.str("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS, EMAIL_TIMEOUT = env.bool("EMAIL_USE_TLS", True), 20
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "hearback@localhost")
NOTIFY_EMAIL: list[str] = env.list("NOTIFY_EMAIL", [])
NOTIFY_WEBHOOK = env.str("NOTIFY_WEBHOOK", "")
WEBHOOK_PRIVATE_HOSTS: list[str] = env.list("WEBHOOK_PRIVATE_HOSTS", [])

# Language and time. Assessors are spoken to in these languages (docs/add-a-language.md), researchers in English.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("es", "Español"), ("fr", "Français")]
LOCALE_PATHS = [BASE_DIR / "listening" / "locale"]
TIME_ZONE = env.str("TIME_ZONE", "UTC")
USE_TZ = USE_I18N = True

# Who may read what
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
SESSION_COOKIE_AGE = 60 * 60 * 24 * 90
"""Seconds in which a browser finds the way back to its sitting; who signs in to the admin has `ADMIN_SESSION_AGE`."""
ADMIN_SESSION_AGE = env.timedelta("ADMIN_SESSION_AGE", timedelta(hours=12))
PERMISSIONS_POLICY = {"autoplay": "self"} | dict.fromkeys(
    ("camera", "display-capture", "geolocation", "microphone", "midi", "payment", "usb"), ""
)
SECURE_REFERRER_POLICY = "same-origin"
BEHIND_HTTPS = env.bool("BEHIND_HTTPS", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = BEHIND_HTTPS
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if BEHIND_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env.bool("HSTS_PRELOAD", False)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]  # other sites of the domain are not ours to bind
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_HTTPS else None

# Who may read /metrics: whoever sends the token, and these addresses or networks; with neither it is not there
METRICS_TOKEN = env.str("METRICS_TOKEN", "")
METRICS_ADDRESSES = env.list("METRICS_ADDRESSES", [], subcast=ip_network)

# Real data for tests and examples, never needed to run
HEARBACK_DATA = env.str("HEARBACK_DATA", "")

# The log: errors and what workers say, a line each on standard error (docs/operate.md); gunicorn.conf.py has its part.
LOG_FORMAT = env.str("LOG_FORMAT", "plain", validate=validate.OneOf(["plain", "json"]))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"()": "listening.logs.Lines"}, "json": {"()": "listening.logs.JsonLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "listening": {"level": "INFO"},
        "celery": {"level": "INFO"},
        "django": {"handlers": [], "level": "WARNING"},
        "django.request": {"level": "ERROR"},
        "django.server": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
    },
}
