from django.urls import path

from auth_service.accounts.views import (
    ChangeStatusView,
    PasswordView,
    RegisterView,
    RegistrationStatusView,
    UsersView,
    UserView,
)
from auth_service.audit.views import AuditView
from auth_service.config.welcome import AllDocsView, WelcomeView
from auth_service.privacy.views import EraseView, ErasureStatusView, ExportView
from auth_service.recovery.views import ResetConfirmView, ResetView, VerifyView
from auth_service.signin.views import GoogleView, LoginView, OptionsView
from auth_service.tokens.views import (
    JwksView,
    LogoutView,
    RefreshView,
    ValidateView,
)
from service_kit.urls import handler400, handler404, handler500, service_urls  # noqa: F401

urlpatterns = service_urls(
    path("api", WelcomeView.as_view()),
    path("api/docs", AllDocsView.as_view()),
    path("api/auth/register", RegisterView.as_view()),
    path("api/auth/register/<uuid:saga_id>", RegistrationStatusView.as_view()),
    path("api/auth/login", LoginView.as_view()),
    path("api/auth/google", GoogleView.as_view()),
    path("api/auth/options", OptionsView.as_view()),
    path("api/auth/refresh", RefreshView.as_view()),
    path("api/auth/logout", LogoutView.as_view()),
    path("api/auth/password", PasswordView.as_view()),
    path("api/auth/password/reset", ResetView.as_view()),
    path("api/auth/password/reset/confirm", ResetConfirmView.as_view()),
    path("api/auth/email/verify", VerifyView.as_view()),
    path("api/auth/validate", ValidateView.as_view()),
    path("api/auth/.well-known/jwks.json", JwksView.as_view()),
    path("api/auth/audit", AuditView.as_view()),
    path("api/auth/users", UsersView.as_view()),
    path("api/auth/users/changes/<uuid:saga_id>", ChangeStatusView.as_view()),
    path("api/auth/users/<uuid:user_id>", UserView.as_view()),
    path("api/auth/users/<uuid:user_id>/export", ExportView.as_view()),
    path("api/auth/users/<uuid:user_id>/erase", EraseView.as_view()),
    path("api/auth/erasures/<uuid:saga_id>", ErasureStatusView.as_view()),
)
