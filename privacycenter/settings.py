"""Every setting of the privacy center, read from the environment (see .env.example and docs/settings.md).

Development needs no environment at all: DEBUG=1 writes random secrets to var/secrets.env once. With DEBUG=0 a missing
or weak secret is a system-check error that says what to set (privacycenter/kernel/checks.py).
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from environs import Env

from accounts.provider_settings import login_providers
from privacycenter.environment import load_development_secrets, load_secret_files, parse_email_url, parse_keys
from privacycenter.logging import logging_config, without_data

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("VAR_DIR", BASE_DIR / "var"))

env = Env()
load_secret_files()
DEBUG = env.bool("DEBUG", False)
DEMO = env.bool("DEMO", False)  # demo logins are printed and staff need no second factor; the pages say so
# Names whose values come from var/secrets.env: fine on loopback, an error elsewhere (privacycenter.E006).
DEVELOPMENT_SECRETS = load_development_secrets(VAR_DIR / "secrets.env", create=DEBUG)

# Secrets and keys. An absent one is reported by a system check, so that `check` can say everything that is missing at once.
SECRET_KEY = env.str("SECRET_KEY", "") or "unset"
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
DATA_KEYS = parse_keys(env.str("DATA_KEYS", ""))
HASH_KEYS = parse_keys(env.str("HASH_KEYS", ""))
BUNDLE_SIGNING_KEYS = parse_keys(env.str("BUNDLE_SIGNING_KEYS", ""))
WEBHOOK_SECRET = env.str("WEBHOOK_SECRET", "")
METRICS_TOKEN = env.str("METRICS_TOKEN", "")

# Where we are
SITE_URL = env.str("SITE_URL", "http://localhost:8000").rstrip("/")
_site = urlsplit(SITE_URL)
SITE_IS_SECURE = _site.scheme == "https"
SITE_IS_LOOPBACK = _site.hostname in {"localhost", "127.0.0.1", "::1"}
if _site.scheme not in {"http", "https"} or not _site.hostname or _site.path:
    raise ImproperlyConfigured("SITE_URL must be an absolute address without a path, like https://privacy.example.com")
if not SITE_IS_SECURE and not SITE_IS_LOOPBACK:
    raise ImproperlyConfigured("SITE_URL may only use http:// on loopback; use https:// elsewhere")
_own_hosts = ["localhost", "127.0.0.1", "[::1]"] if SITE_IS_LOOPBACK else [_site.hostname]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", []) or _own_hosts
# The page answers on both names of loopback; both are the same site.
CSRF_TRUSTED_ORIGINS = [f"http://{host}:{_site.port or 80}" for host in _own_hosts] if SITE_IS_LOOPBACK and not SITE_IS_SECURE else []
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0)
OUTBOUND_ALLOW: list[str] = env.list("OUTBOUND_ALLOW", [])
OPERATOR_NAME = env.str("OPERATOR_NAME", "Synorex")
OPERATOR_CONTACT = env.str("OPERATOR_CONTACT", "hi@synorexcloud.com")
OPERATOR_COUNTRY = env.str("OPERATOR_COUNTRY", "MY")
# Laws whose clock counts for everybody, by the keys they have at the desk (docs/clock.md).
OPERATOR_REGIMES: list[str] = env.list("OPERATOR_REGIMES", ["gdpr", "malaysia-pdpa"])
CONTROLLER = {"name": OPERATOR_NAME, "contact": OPERATOR_CONTACT, "country": OPERATOR_COUNTRY}

INSTALLED_APPS = [
    # upper floors first: their templates win
    "privacycenter.portal",
    "requests_app",
    "accounts",
    "privacycenter.records",
    "privacycenter.preferences",
    "privacycenter.datamap",
    "privacycenter.mail",
    "privacycenter.jobs",
    "privacycenter.subjects",
    "privacycenter.audit",
    "privacycenter.kernel",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.google",
    "allauth.socialaccount.providers.microsoft",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.idp.oidc",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "phonenumber_field",
    "django_countries",
    "csp",
    "privacycenter.portal.desk_config.DeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
]

MIDDLEWARE = [
    "privacycenter.kernel.problems.ProblemMiddleware",
    "privacycenter.kernel.middleware.SiteAddressMiddleware",
    "privacycenter.preferences.middleware.LinkPagesMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "privacycenter.kernel.middleware.ResponseHeadersMiddleware",
    "requests_app.erasure.serving.ServingMiddleware",
    "privacycenter.preferences.cookies.middleware.DeclaredCookiesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "accounts.middleware.SessionLimitsMiddleware",
    "privacycenter.preferences.cookies.middleware.SignalMiddleware",
    "privacycenter.portal.middleware.ReaderTimeZoneMiddleware",
    "privacycenter.portal.middleware.DemoErrorPagesMiddleware",
]

ROOT_URLCONF = "privacycenter.urls"
WSGI_APPLICATION = "privacycenter.wsgi.application"
ASGI_APPLICATION = "privacycenter.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "privacycenter.portal.context.site",
            ],
            "builtins": ["privacycenter.portal.templatetags.components"],
        },
    }
]

# Widgets are drawn from templates/ too: the admin's date-time widget gets its labels there.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# Databases: SQLite (WAL, write lock taken at the start of a transaction) or PostgreSQL, by DATABASE_URL.
_database_url = env.str("DATABASE_URL", "") or f"sqlite:///{VAR_DIR / 'db.sqlite3'}"
DATABASES = {"default": dj_database_url.parse(_database_url, conn_max_age=60, conn_health_checks=True)}
if "sqlite3" in DATABASES["default"]["ENGINE"]:
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        # recursive_triggers: without it INSERT OR REPLACE would pass the triggers that keep the audit trail append-only
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", "")
CACHES = {
    "default": (
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL, "KEY_PREFIX": "privacycenter"}
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}
    )
}

# Background work: the broker carries job ids only.
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", "") or "filesystem://"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
# How long a job stays with a worker that died; live workers extend their leases every third of it.
JOB_LEASE_SECONDS = env.int("JOB_LEASE_SECONDS", 60)
# A ring is harmless to lose, so nobody waits for a broker that is away.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_WORKER_ENABLE_REMOTE_CONTROL = not CELERY_BROKER_URL.startswith("filesystem")
if CELERY_BROKER_URL.startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {"socket_connect_timeout": 2}
if CELERY_BROKER_URL.startswith("filesystem"):
    _broker = VAR_DIR / "broker"
    for _folder in ("queue", "control"):
        (_broker / _folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_broker / "queue"),
        "data_folder_out": str(_broker / "queue"),
        "control_folder": str(_broker / "control"),
        "polling_interval": 0.02,
    }

# Mail
_mail = parse_email_url(env.str("EMAIL_URL", "") or f"file://{VAR_DIR / 'mail'}")
globals().update(_mail)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", f"{OPERATOR_NAME} Privacy <{OPERATOR_CONTACT}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Services that may report bounces and complaints (/webhooks/mail/<service>/): the one that sends, unless others are named.
_mail_services = [_mail["EMAIL_BACKEND"].split(".")[2]] if "ANYMAIL" in _mail else []
MAIL_WEBHOOKS: list[str] = env.list("MAIL_WEBHOOKS", _mail_services)
# Amazon SNS: what asks to be subscribed is confirmed by a person, because nobody checks its signature.
ANYMAIL = {"AMAZON_SES_AUTO_CONFIRM_SNS_SUBSCRIPTIONS": False} | _mail.get("ANYMAIL", {})
if WEBHOOK_SECRET:
    ANYMAIL["WEBHOOK_SECRET"] = f"privacycenter:{WEBHOOK_SECRET}"
# So many passing failures within so many days count as an address that does not take mail.
SOFT_BOUNCE_LIMIT = env.int("SOFT_BOUNCE_LIMIT", 5)
SOFT_BOUNCE_DAYS = env.int("SOFT_BOUNCE_DAYS", 30)

# Where bundles and step outputs lie (`/folder`, `file:///folder` or `s3://bucket/prefix`), and where seals of the audit trail go.
BUNDLE_STORAGE = env.str("BUNDLE_STORAGE", "") or f"file://{VAR_DIR / 'bundles'}"
AUDIT_CHECKPOINTS = env.str("AUDIT_CHECKPOINTS", "") or f"file://{VAR_DIR / 'audit-checkpoints'}"
# The erasure ledger (docs/restore.md): a file or S3, never inside what a backup holds. Backups are gone after so many days.
ERASURE_LEDGER = env.str("ERASURE_LEDGER", "") or f"file://{VAR_DIR / 'erasure-ledger' / 'ledger.jsonl'}"
BACKUP_FOLDER = Path(env.str("BACKUP_FOLDER", "") or VAR_DIR / "backups")
BACKUP_EXPIRY_DAYS = env.int("BACKUP_EXPIRY_DAYS", 90)
if BACKUP_EXPIRY_DAYS < 1:
    raise ImproperlyConfigured("BACKUP_EXPIRY_DAYS must be at least 1")
# An erasure is proposed by one member of staff and approved by another, and can be stopped by the person for so many days.
ERASURE_FOUR_EYES = env.bool("ERASURE_FOUR_EYES", True)
ERASURE_COOLING_DAYS = env.int("ERASURE_COOLING_DAYS", 3)
BUNDLE_RETENTION_DAYS = env.int("BUNDLE_RETENTION_DAYS", 14)
# What looks at files that people send: a command that gets the file on its standard input, exit code 0 clean, 1 harmful. Empty: none.
ATTACHMENT_SCANNER = env.str("ATTACHMENT_SCANNER", "")
# Identity documents that staff asked for are removed when they are decided on ("decided"), or with the end of the request ("ended").
IDENTITY_DOCUMENTS_UNTIL = env.str("IDENTITY_DOCUMENTS_UNTIL", "decided")
if IDENTITY_DOCUMENTS_UNTIL not in {"decided", "ended"}:
    raise ImproperlyConfigured("IDENTITY_DOCUMENTS_UNTIL must be decided or ended")
# Somebody was accepted as acting for the holder of an account: for so many days the holder, who was told, can stop it before anything is
# given out or erased.
REPRESENTED_NOTICE_DAYS = env.int("REPRESENTED_NOTICE_DAYS", 3)
if REPRESENTED_NOTICE_DAYS < 0:
    raise ImproperlyConfigured("REPRESENTED_NOTICE_DAYS must not be negative")
RESTRICTION_NOTICE_DAYS = env.int("RESTRICTION_NOTICE_DAYS", 3)
BUNDLE_AUTO_RELEASE = env.bool("BUNDLE_AUTO_RELEASE", False)
# Whether a receiver of a copy may be this machine itself: for tests and development (privacycenter.E050).
TRANSFER_ALLOW_LOOPBACK = env.bool("TRANSFER_ALLOW_LOOPBACK", False)

# Answers
REFUSAL_FOUR_EYES = env.bool("REFUSAL_FOUR_EYES", False)
ASK_REMINDER_DAYS = env.int("ASK_REMINDER_DAYS", 7)
# Staff are reminded so many days before a request is due; the data protection officers once it is overdue.
_reminder_days: list[str] = env.list("DUE_REMINDER_DAYS", ["7", "2"])
if not all(days.strip().isdecimal() for days in _reminder_days):
    raise ImproperlyConfigured("DUE_REMINDER_DAYS must be whole numbers of days, separated by commas, like 7,2")
DUE_REMINDER_DAYS = sorted(int(days) for days in _reminder_days)
# Corrections that somebody gathered and never sent are removed so many days after they were touched last.
CORRECTION_DRAFT_DAYS = env.int("CORRECTION_DRAFT_DAYS", 90)
if CORRECTION_DRAFT_DAYS < 1:
    raise ImproperlyConfigured("CORRECTION_DRAFT_DAYS must be at least 1")
REVIEW_MONTHS = env.int("REVIEW_MONTHS", 3)
# Whether a review may be decided by somebody who had a part in the first decision, where nobody else is left. They say why.
REVIEW_LAST_RESORT = env.bool("REVIEW_LAST_RESORT", False)

# People and sessions
AUTH_USER_MODEL = "accounts.User"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
_prefix = "__Host-" if SITE_IS_SECURE else ""
SESSION_COOKIE_NAME = f"{_prefix}session"
CSRF_COOKIE_NAME = f"{_prefix}csrf"
LANGUAGE_COOKIE_NAME = f"{_prefix}language"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SITE_IS_SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# The choice about cookies (docs/cookies.md), and for how many days it counts: accepted or refused, the same.
CONSENT_COOKIE_NAME = f"{_prefix}consent"
COOKIE_CHOICE_DAYS = env.int("COOKIE_CHOICE_DAYS", 180)
if not 1 <= COOKIE_CHOICE_DAYS <= 390:  # browsers keep no cookie longer than 400 days
    raise ImproperlyConfigured("COOKIE_CHOICE_DAYS must be between 1 and 390")

# Accounts (see docs/decisions/0005-accounts.md). Time-outs: accounts.middleware; the cookie never outlives the longest of them.
SESSION_COOKIE_AGE = 12 * 60 * 60
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    # the longest first: the other validators compare, and a megabyte of text should not get that far
    {"NAME": "accounts.validators.MaximumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 60 * 60
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "accounts.reset_tokens.ResetTokenGenerator"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/dashboard/"
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.base.RegistrationFields"
ACCOUNT_FORMS = {
    "signup": "accounts.forms.registration.RegistrationForm",
    "confirm_email_verification_code": "accounts.forms.codes.ConfirmEmailCodeForm",
    "login": "accounts.forms.passwords.LoginForm",
    "add_email": "accounts.forms.passwords.AddEmailForm",
    "change_password": "accounts.forms.passwords.ChangePasswordForm",
    "set_password": "accounts.forms.passwords.SetPasswordForm",
    "reset_password": "accounts.forms.passwords.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.passwords.ResetPasswordKeyForm",
}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 10 * 60
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_MAX_EMAIL_ADDRESSES = 10
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_USERNAME_MIN_LENGTH = 3
ACCOUNT_USERNAME_VALIDATORS = "accounts.validators.username_validators"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 5 * 60
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
SOCIALACCOUNT_ADAPTER = "accounts.adapters.ProviderAdapter"
SOCIALACCOUNT_AUTO_SIGNUP = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_FORMS = {"signup": "accounts.forms.registration.FederatedRegistrationForm"}
MFA_ADAPTER = "accounts.adapters.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1
MFA_TOTP_ISSUER = f"{OPERATOR_NAME} Privacy"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = SITE_IS_LOOPBACK and not SITE_IS_SECURE
MFA_FORMS = {"authenticate": "accounts.forms.factors.AuthenticateForm", "reauthenticate": "accounts.forms.factors.ReauthenticateForm"}
MICROSOFT_TENANT = env.str("MICROSOFT_TENANT", "common")
OIDC_PROVIDERS = json.loads(env.str("OIDC_PROVIDERS", "") or "[]")
LOGIN_PROVIDERS = login_providers(
    google=(env.str("GOOGLE_CLIENT_ID", ""), env.str("GOOGLE_CLIENT_SECRET", "")),
    microsoft=(env.str("MICROSOFT_CLIENT_ID", ""), env.str("MICROSOFT_CLIENT_SECRET", "")),
    microsoft_tenant=MICROSOFT_TENANT,
    linkedin=(env.str("LINKEDIN_CLIENT_ID", ""), env.str("LINKEDIN_CLIENT_SECRET", "")),
    oidc=OIDC_PROVIDERS,
    outbound_allow=OUTBOUND_ALLOW,
)
SOCIALACCOUNT_PROVIDERS = LOGIN_PROVIDERS.settings

# The API (docs/api.md). Every view names who may call it; these are what is left for one that forgot: nobody.
API_CALLS_PER_MINUTE = env.int("API_CALLS_PER_MINUTE", 600)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["privacycenter.preferences.api.authentication.ClientAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["privacycenter.preferences.api.permissions.Nobody"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["privacycenter.preferences.api.parsers.BoundedJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "privacycenter.kernel.problems.handle_exception",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Privacy center API",
    "DESCRIPTION": "Ask the gate, keep suppressions, make unsubscribe links, record and read consent. Errors: RFC 9457.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "RequestKindEnum": "requests_app.enums.Kind.values",
        "RequestStatusEnum": "requests_app.enums.Status.values",
        "EventKindEnum": "privacycenter.preferences.api.serializers.EVENT_KINDS",
        "ConsentKindEnum": "privacycenter.preferences.api.serializers.CONSENT_KINDS",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "privacycenter.preferences.api.openapi.with_problems",
    ],
}
# Of the identity provider only the token endpoint is mounted, for API clients alone (privacycenter/preferences/api/tokens.py).
IDP_OIDC_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]
IDP_OIDC_ACCESS_TOKEN_EXPIRES_IN = 60 * 60

# What the browser may do
SECURE_HSTS_SECONDS = 63_072_000 if SITE_IS_SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SITE_IS_SECURE
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Signing in at a provider is a form post that is answered by a redirect to it; Chromium checks the redirect against form-action.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "form-action": ["'self'", *LOGIN_PROVIDERS.origins],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}

# Words
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
FORMAT_MODULE_PATH = "privacycenter.portal.formats"
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", "UTC")

# Files
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": VAR_DIR / "files"}},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage" if DEBUG else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}
WHITENOISE_USE_FINDERS = DEBUG
# Small files stay in memory, large ones are sealed on the disk.
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "privacycenter.kernel.uploads.SealedUploadHandler",
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

TESTING = "pytest" in sys.modules
LOGGING = logging_config(debug=DEBUG)

SENTRY_DSN = env.str("SENTRY_DSN", "")
if SENTRY_DSN:
    import sentry_sdk  # optional dependency

    sentry_sdk.init(
        dsn=SENTRY_DSN,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        before_send=without_data,  # type: ignore[arg-type]  # the library's own type of an event
    )
