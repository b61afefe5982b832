"""An authorization server of django-oauth-toolkit in TickTick's shape: ``python -m interop.toolkit_server``."""

from uuid import uuid4

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from interop import serving

# The toolkit brings its consent page along, Django its log-in without a page.
LOGIN_PAGE = '<form method="post">{% csrf_token %}{{ form }}<input type="submit"></form>'

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    # One in memory, for all threads.
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "file:toolkit?mode=memory&cache=shared"}},
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.staticfiles",
        "oauth2_provider",
    ],
    LOGIN_URL="/login",
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    OAUTH2_PROVIDER={
        "ACCESS_TOKEN_EXPIRE_SECONDS": serving.LIFETIME,
        "ACCESS_TOKEN_GENERATOR": lambda _request: str(uuid4()),
        "ALLOWED_REDIRECT_URI_SCHEMES": ["http"],
        "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,  # each redirect names this server (RFC 9207)
        "DCR_ENABLED": True,
        "DCR_REGISTRATION_PERMISSION_CLASSES": ["oauth2_provider.dcr.AllowAllDCRPermission"],
        "PKCE_REQUIRED": False,
        "SCOPES": dict.fromkeys(serving.SCOPE.split(), "your tasks"),
    },
    # The default takes a good part of a second, twice a sign-in, so that a stolen database is of little use.
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ROOT_URLCONF=__name__,
    SECRET_KEY=serving.CLIENT_SECRET,
    STATIC_URL="static/",
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "context_processors": ["django.template.context_processors.request"],
                "loaders": [
                    ("django.template.loaders.locmem.Loader", {"registration/login.html": LOGIN_PAGE}),
                    "django.template.loaders.app_directories.Loader",
                ],
            },
        }
    ],
    USE_TZ=True,
)
django.setup()

# What follows needs the settings.
from django.contrib.auth.models import User  # noqa: E402
from django.contrib.auth.views import LoginView  # noqa: E402
from oauth2_provider.models import Application  # noqa: E402
from oauth2_provider.oauth2_backends import OAuthLibCore  # noqa: E402
from oauth2_provider.urls import metadata_urlpatterns  # noqa: E402
from oauth2_provider.views import (  # noqa: E402
    AuthorizationView,
    DynamicClientRegistrationManagementView,
    DynamicClientRegistrationView,
    ScopedProtectedResourceView,
    TokenView,
)


class TickTickLike(OAuthLibCore):
    """Says ``bearer`` where the toolkit says ``Bearer``: its way to add to a token response, or change it."""

    def _get_extra_credentials(self, _request: HttpRequest) -> dict[str, str]:
        return {"token_type": "bearer"}


class BearerTokenView(TokenView):
    """The toolkit's own token endpoint, with the backend above."""

    oauthlib_backend_class = TickTickLike


class ResourceView(ScopedProtectedResourceView):
    """Says whose token it is that a request bears."""

    required_scopes = serving.SCOPE.split()

    def get(self, request: HttpRequest) -> HttpResponse:
        """Answer a request whose token is good."""
        return HttpResponse(request.resource_owner.username)


# The names are those by which the metadata finds its addresses.
endpoints = [
    path(serving.AUTHORIZE_PATH, AuthorizationView.as_view(), name="authorize"),
    path(serving.TOKEN_PATH, BearerTokenView.as_view(), name="token"),
    path(serving.REGISTER_PATH, DynamicClientRegistrationView.as_view(), name="dcr-register"),
    path(
        f"{serving.REGISTER_PATH}/<client_id>",
        DynamicClientRegistrationManagementView.as_view(),
        name="dcr-register-management",
    ),
]
urlpatterns = [
    path("login", LoginView.as_view()),
    path(serving.RESOURCE_PATH, ResourceView.as_view()),
    path("", include((metadata_urlpatterns + endpoints, "oauth2_provider"))),
]

if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    User.objects.create_user(serving.USER, password=serving.PASSWORD)
    Application.objects.create(
        client_id=serving.CLIENT_ID,
        client_secret=serving.CLIENT_SECRET,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        redirect_uris=serving.REDIRECT_URI,
    )
    serving.serve(get_wsgi_application())
