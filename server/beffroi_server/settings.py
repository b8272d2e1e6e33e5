"""Django's settings, from the environment. Every variable is read here and documented in docs/settings.md."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from beffroi_server.core.environment import (
    SettingFault,
    read_certificates,
    read_choice,
    read_flag,
    read_networks,
    read_number,
    read_proxy,
    read_text,
    read_time_zone,
    unusable_data_folder,
)

BASE = Path(__file__).parent
DATA = Path(read_text("BEFFROI_DATA") or Path.home() / ".local/share/beffroi-server").resolve()
"""The folder of everything that a backup must hold: database, media, keys."""
KEYS = Path(read_text("BEFFROI_KEYS", str(DATA / "keys")))
MEDIA_STORE = DATA / "media"


def _secret_key() -> str:
    """Return the key that was given or kept; without one a new key, which ``bootstrap.keep_secret_key`` keeps."""
    given = read_text("BEFFROI_SECRET_KEY")
    path = DATA / "secret_key"
    try:
        return given or path.read_text(encoding="utf-8") or secrets.token_urlsafe(48)
    except (FileNotFoundError, NotADirectoryError):
        # Nothing is written here: a mistyped BEFFROI_DATA would get a folder, and a look would change what it looks at.
        return secrets.token_urlsafe(48)
    except OSError as error:
        raise unusable_data_folder(path, error) from error


SECRET_KEY = _secret_key()
DEBUG = False


def _public_url() -> str:
    given = read_text("BEFFROI_URL", "http://localhost:8000").rstrip("/")
    try:
        parts = urlsplit(given)
        is_right = parts.scheme in {"http", "https"} and parts.hostname and (parts.port is None or parts.port)
    except ValueError:
        is_right = False
    if not is_right:
        raise SettingFault(
            gettext_noop("%(name)s is %(value)r: give the address of this server, such as https://screens.example.org"),
            name="BEFFROI_URL", value=given,
        )  # fmt: skip
    return given


PUBLIC_URL = _public_url()
"""The address at which users and players reach the server."""


def _allowed_hosts() -> list[str]:
    given = [host.strip() for host in read_text("BEFFROI_HOSTS").split(",") if host.strip()]
    return given or sorted({urlsplit(PUBLIC_URL).hostname or "localhost", "localhost", "127.0.0.1", "[::1]"})


ALLOWED_HOSTS = _allowed_hosts()
"""The names under which pages are asked for; by default that of BEFFROI_URL, and this machine's own."""
USE_HTTPS = PUBLIC_URL.startswith("https://")
ANNOUNCE = read_flag("BEFFROI_ANNOUNCE", default=False)
"""Whether new players on the local network are told the address of this server."""

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "allauth.usersessions",
    "beffroi_server.accounts",
    "beffroi_server.feeds",
    "beffroi_server.library",
    "beffroi_server.fleet",
    "beffroi_server.schedule",
    "beffroi_server.alerts",
    "beffroi_server.delivery",
    "beffroi_server.outside_warnings",
    "beffroi_server.notifications",
    "beffroi_server.drills",
    "beffroi_server.software",
    "beffroi_server.web",
    "beffroi_server.outlets",
    "beffroi_server.channels",
    "beffroi_server.api",
    "beffroi_server.public",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "beffroi_server.web.head_requests.HeadMiddleware",
    "beffroi_server.web.security.ContentSecurityPolicyMiddleware",
    "beffroi_server.web.background_posts.BackgroundPostMiddleware",
    "beffroi_server.web.storage_pages.EssentialRoomMiddleware",
    "beffroi_server.web.storage_pages.LenientSessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "beffroi_server.web.storage_pages.RefusedBodyMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "beffroi_server.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            # Finds each address once, wherever a template names one.
            "builtins": ["beffroi_server.web.templatetags.cached_url"],
        },
    }
]


def _database_settings() -> dict[str, object]:
    name = read_text("BEFFROI_POSTGRES_NAME")
    if name:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": name,
            "HOST": read_text("BEFFROI_POSTGRES_HOST"),
            "PORT": str(read_number("BEFFROI_POSTGRES_PORT", 5432, 1, 65_535)),
            "USER": read_text("BEFFROI_POSTGRES_USER"),
            "PASSWORD": read_text("BEFFROI_POSTGRES_PASSWORD"),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
        }
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA / "beffroi.sqlite3",
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            # Writers queue instead of failing with "database is locked".
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA foreign_keys=ON;",
        },
    }


DATABASES = {"default": _database_settings()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "now"
LOGOUT_REDIRECT_URL = "sign-in"

# allauth stores and checks second factors, sessions and OpenID Connect; its own pages are not served.
ACCOUNT_ADAPTER = "beffroi_server.accounts.allauth_adapters.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
MFA_ADAPTER = "beffroi_server.accounts.allauth_adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_TOTP_TOLERANCE = 1
"""Steps of 30 seconds that a telephone's clock may be off (RFC 6238, 5.2)."""
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not USE_HTTPS
"""Without HTTPS browsers allow passkeys on this machine alone."""

OIDC_ISSUER = read_text("BEFFROI_OIDC_ISSUER").rstrip("/")
"""Address of the town's OpenID Connect issuer; empty: nobody signs in with the town's account."""
OIDC_NAME = read_text("BEFFROI_OIDC_NAME", "OpenID Connect") if OIDC_ISSUER else ""
"""What the button of the sign-in page calls it; empty where there is none."""
OIDC_CLIENT_ID = read_text("BEFFROI_OIDC_CLIENT_ID", "beffroi")
OIDC_CLIENT_SECRET = read_text("BEFFROI_OIDC_CLIENT_SECRET")
OIDC_GROUPS_CLAIM = read_text("BEFFROI_OIDC_GROUPS_CLAIM", "groups")
"""Name of the claim that lists the groups of a user."""


def _oidc_roles() -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in read_text("BEFFROI_OIDC_ROLES").split(","):
        group, equals, role = (part.strip() for part in pair.partition("="))
        if not pair.strip():
            continue
        if not (group and equals and role in _OIDC_ROLE_NAMES):
            raise SettingFault(
                gettext_noop("%(name)s has %(value)r: write group=role, with a role among %(roles)s. Administrators "
                             "are made by hand"),
                name="BEFFROI_OIDC_ROLES", value=pair.strip(), roles=", ".join(_OIDC_ROLE_NAMES),
            )  # fmt: skip
        found[group] = role
    return found


_OIDC_ROLE_NAMES = ("viewer", "contributor", "editor", "publisher", "technician", "officer")
OIDC_ROLES = _oidc_roles()
"""Roles by groups of the issuer."""
SOCIALACCOUNT_ADAPTER = "beffroi_server.web.accounts.single_sign_on_views.SignOnAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = True
"""A link, not a form: the content security policy lets a form lead to no other host."""
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "town",
                "name": OIDC_NAME,
                "client_id": OIDC_CLIENT_ID,
                "secret": OIDC_CLIENT_SECRET,
                "settings": {"server_url": OIDC_ISSUER},
            }
        ]
        if OIDC_ISSUER
        else [],
    }
}

LANGUAGE_CODE = "fr"
FORM_RENDERER = "beffroi_server.web.form_renderer.FormRenderer"
LANGUAGES = [("fr", _("French")), ("en", _("English"))]
LOCALE_PATHS = [BASE / "web" / "locale"]


TIME_ZONE = read_time_zone("BEFFROI_TIME_ZONE", "Europe/Paris")
USE_TZ = True

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
"""Static files are served out of the package: nothing is to be collected."""
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
"""Bytes of a form without its files."""
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "beffroi_server.web.upload_handler.IncomingUploadHandler",
]
"""Small files stay in memory; others go to the media store, where they will be."""
UPLOAD_LIMIT = 500 * 1024 * 1024
"""Bytes of one upload: of a video, or of several images."""
PICTURE_LIMIT = 40 * 1024 * 1024
"""Bytes of one uploaded picture or document."""
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = USE_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 86_400
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if USE_HTTPS else 0
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if read_flag("BEFFROI_BEHIND_PROXY", default=False) else None
)
X_FRAME_OPTIONS = "DENY"

BACKUP_FOLDER = read_text("BEFFROI_BACKUP_FOLDER")
"""Where the server backs itself up every night; empty: it does not."""
BACKUP_KEPT = read_number("BEFFROI_BACKUP_KEPT", 14, 1, 1_000)
"""Backups that stay in that folder."""
BACKUP_RECIPIENT = read_text("BEFFROI_BACKUP_RECIPIENT")
"""Public key (age1…) for which backups are encrypted; empty: they are not."""

RELEASES_ROOT = Path(read_text("BEFFROI_RELEASES_ROOT", str(Path(sys.prefix) / "share/beffroi/releases-root.json")))
"""The root keys by which releases of the player are verified."""
RELEASES_URL = read_text("BEFFROI_RELEASES_URL")
"""Where new ones are copied from; empty: nowhere by itself."""

MQTT_HOST = read_text("BEFFROI_MQTT_HOST")
"""Empty: the broker inside this process."""
MQTT_PORT = read_number("BEFFROI_MQTT_PORT", 1883, 1, 65_535)
MQTT_USERNAME = read_text("BEFFROI_MQTT_USERNAME", "server")
MQTT_PASSWORD = read_text("BEFFROI_MQTT_PASSWORD")
MQTT_TLS = read_flag("BEFFROI_MQTT_TLS", default=False)
MQTT_PUBLIC_HOST = read_text("BEFFROI_MQTT_PUBLIC_HOST")
"""The broker's name as players reach it; empty: the host of BEFFROI_URL."""


AUTHORITIES = read_certificates("BEFFROI_AUTHORITIES", most=4)
"""Certificate authorities of the town: players believe them for server and broker, and the server for whom it asks,
beside those of their machines."""


MQTT_ACCOUNTS = read_choice("BEFFROI_MQTT_ACCOUNTS", "plugin", ("plugin", "files"))
"""How another broker knows the players: by Mosquitto's dynamic-security ``plugin``, or by ``files`` that are copied."""

EMAIL_HOST = read_text("BEFFROI_MAIL_HOST")
"""Empty: no mail is sent."""
EMAIL_BACKEND = "beffroi_server.core.mail_backend.TownMailBackend"
EMAIL_HOST_USER = read_text("BEFFROI_MAIL_USERNAME")
EMAIL_HOST_PASSWORD = read_text("BEFFROI_MAIL_PASSWORD")
EMAIL_TIMEOUT = 10
"""Seconds for each step of a conversation with the mail server."""


_MAIL_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_MAIL_SECURITY = read_choice("BEFFROI_MAIL_SECURITY", "starttls", _MAIL_PORTS)
EMAIL_USE_TLS, EMAIL_USE_SSL = _MAIL_SECURITY == "starttls", _MAIL_SECURITY == "tls"
EMAIL_PORT = read_number("BEFFROI_MAIL_PORT", _MAIL_PORTS[_MAIL_SECURITY], 1, 65_535)


def _mail_sender() -> str:
    given = read_text("BEFFROI_MAIL_FROM") or f"beffroi@{urlsplit(PUBLIC_URL).hostname}"
    name, _at, host = given.rpartition("@")
    if not name or not host or any(character.isspace() or character in "<>,;" for character in given):
        raise SettingFault(
            gettext_noop("%(name)s is %(value)r: give an address such as screens@example.org"),
            name="BEFFROI_MAIL_FROM", value=given,
        )  # fmt: skip
    return given


DEFAULT_FROM_EMAIL = SERVER_EMAIL = _mail_sender()

METEOFRANCE_KEY = read_text("BEFFROI_METEOFRANCE_KEY")
"""For the API “Bulletin Vigilance” of portail-api.meteofrance.fr."""


FEED_NETWORKS = read_networks("BEFFROI_FEED_NETWORKS")
"""Private networks from which feeds may come."""
WEBHOOK_NETWORKS = read_networks("BEFFROI_WEBHOOK_NETWORKS")
"""Private networks to which webhooks may go."""
OUTSIDE_PROXY = read_proxy("BEFFROI_PROXY")
"""Address of the proxy through which the server asks addresses outside; empty: it asks them itself."""


LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "beffroi_server.core.log_format.RedactingFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        }
    },
    "filters": {"storage": {"()": "beffroi_server.core.storage_log_filter.StorageFaultFilter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["storage"]}},
    "root": {"handlers": ["stderr"], "level": read_choice("BEFFROI_LOG_LEVEL", "INFO", LOG_LEVELS)},
    "loggers": {
        "apscheduler": {"level": "WARNING"},
        "amqtt": {"level": "WARNING"},
        "transitions": {"level": "WARNING"},
    },
}

METRICS_TOKEN = read_text("BEFFROI_METRICS_TOKEN")
"""Bearer token of whoever reads ``/metrics``; with no networks either, there is no such address."""
METRICS_NETWORKS = read_networks("BEFFROI_METRICS_NETWORKS")
"""Networks from which metrics are read without a token."""

HOME_ASSISTANT_PREFIX = read_text("BEFFROI_HOME_ASSISTANT_PREFIX").strip("/")
"""Prefix of Home Assistant's discovery topics, ``homeassistant`` as a rule; empty: it is told nothing."""
HOME_ASSISTANT_MQTT_HOST = read_text("BEFFROI_HOME_ASSISTANT_MQTT_HOST", "localhost")
HOME_ASSISTANT_MQTT_PORT = read_number("BEFFROI_HOME_ASSISTANT_MQTT_PORT", 1883, 1, 65_535)
HOME_ASSISTANT_MQTT_USERNAME = read_text("BEFFROI_HOME_ASSISTANT_MQTT_USERNAME")
HOME_ASSISTANT_MQTT_PASSWORD = read_text("BEFFROI_HOME_ASSISTANT_MQTT_PASSWORD")
HOME_ASSISTANT_MQTT_TLS = read_flag("BEFFROI_HOME_ASSISTANT_MQTT_TLS", default=False)
