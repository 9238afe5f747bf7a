from django.urls import path

from device_service.devices import broker_views as broker
from device_service.devices import views as devices
from device_service.mappings import views as mappings
from device_service.people import views as people
from device_service.plants import views as plants
from service_kit.urls import handler400, handler404, handler500, service_urls  # noqa: F401

urlpatterns = service_urls(
    path("api/devices", devices.DeviceList.as_view()),
    path("api/devices/<uuid:id>", devices.DeviceDetail.as_view()),
    path("api/devices/<uuid:id>/credentials", devices.DeviceCredentials.as_view()),
    path("api/devices/<uuid:id>/meter-change", devices.DeviceMeterChanges.as_view()),
    path("api/categories", devices.CategoryList.as_view()),
    path("api/categories/<uuid:id>", devices.CategoryDetail.as_view()),
    path("api/plants", plants.PlantList.as_view()),
    path("api/plants/<uuid:id>", plants.PlantDetail.as_view()),
    path("api/plants/<uuid:id>/devices", devices.PlantDeviceList.as_view()),
    path("api/tariffs", plants.TariffList.as_view()),
    path("api/tariffs/<uuid:id>", plants.TariffDetail.as_view()),
    path("api/mappings", mappings.MappingList.as_view()),
    path("api/mappings/assign", mappings.Assign.as_view()),
    path("api/mappings/unassign/<uuid:device_id>", mappings.Unassign.as_view()),
    path("api/mappings/user/<uuid:user_id>/devices", mappings.UserDeviceList.as_view()),
    path("internal/broker/user", broker.user),
    path("internal/broker/vhost", broker.vhost),
    path("internal/broker/resource", broker.resource),
    path("internal/broker/topic", broker.topic),
    path("internal/users", people.Users.as_view()),
    path("internal/users/<uuid:user_id>/rollback", people.UserRollback.as_view()),
    path("internal/users/<uuid:user_id>", people.SagaUser.as_view()),
)
