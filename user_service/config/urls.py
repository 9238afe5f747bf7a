from django.urls import path

from service_kit.urls import handler400, handler404, handler500, service_urls  # noqa: F401
from user_service.profiles import views

urlpatterns = service_urls(
    path("api/users", views.ProfileList.as_view()),
    path("api/users/<uuid:id>", views.ProfileDetail.as_view()),
    path("api/users/<uuid:id>/rollback", views.ProfileRollback.as_view()),
    path("internal/users/<uuid:id>", views.SagaUser.as_view()),
)
