from django.urls import path

from monitoring_service.alerts.views import AlertDetail, AlertRules, Alerts
from monitoring_service.dashboard.views import Dashboard
from monitoring_service.devices.views import MonitoredDevices
from monitoring_service.events.views import AcknowledgeDeviceEvent, DeviceEvents
from monitoring_service.export.views import Export
from monitoring_service.hours.views import HourlyDaily, HourlyRange
from monitoring_service.metrics.views import DeviceMetrics, Timeseries, TimeseriesBatch
from monitoring_service.people.views import MonitoredUsers
from monitoring_service.readings.review_views import AcceptHeld, DiscardHeld, HeldReadings
from monitoring_service.readings.views import Measurements
from monitoring_service.reports.views import ReportDetail, ReportDownload, Reports, ScheduleDetail, Schedules
from monitoring_service.series.views import PlantSeries, PlantSeriesList
from monitoring_service.uploads.views import RejectedRows, UploadDetail, Uploads
from service_kit.urls import handler400, handler404, handler500, service_urls

__all__ = ["handler400", "handler404", "handler500", "urlpatterns"]

urlpatterns = service_urls(
    path("api/monitoring/hourly/daily", HourlyDaily.as_view()),
    path("api/monitoring/hourly/range", HourlyRange.as_view()),
    path("api/monitoring/measurements", Measurements.as_view()),
    path("api/monitoring/held", HeldReadings.as_view()),
    path("api/monitoring/held/<uuid:held_id>/accept", AcceptHeld.as_view()),
    path("api/monitoring/held/<uuid:held_id>/discard", DiscardHeld.as_view()),
    path("api/monitoring/uploads", Uploads.as_view()),
    path("api/monitoring/uploads/<uuid:upload_id>", UploadDetail.as_view()),
    path("api/monitoring/uploads/<uuid:upload_id>/rejected", RejectedRows.as_view()),
    path("api/devices/<uuid:device_id>/timeseries", Timeseries.as_view()),
    path("api/devices/<uuid:device_id>/timeseries/batch", TimeseriesBatch.as_view()),
    path("api/devices/<uuid:device_id>/timeseries/metrics", DeviceMetrics.as_view()),
    path("api/plants/<uuid:plant_id>/series", PlantSeriesList.as_view()),
    path("api/plants/<uuid:plant_id>/series/<slug:name>", PlantSeries.as_view()),
    path("api/monitoring/export", Export.as_view()),
    path("api/monitoring/events", DeviceEvents.as_view()),
    path("api/monitoring/events/<uuid:event_id>/acknowledge", AcknowledgeDeviceEvent.as_view()),
    path("api/alerts", Alerts.as_view()),
    path("api/alerts/<uuid:alert_id>", AlertDetail.as_view()),
    path("api/alerts/rules", AlertRules.as_view()),
    path("api/reports", Reports.as_view()),
    path("api/reports/schedules", Schedules.as_view()),
    path("api/reports/schedules/<uuid:schedule_id>", ScheduleDetail.as_view()),
    path("api/reports/<uuid:report_id>", ReportDetail.as_view()),
    path("api/reports/<uuid:report_id>/file", ReportDownload.as_view()),
    path("api/monitoring/dashboard", Dashboard.as_view()),
    path("api/monitoring/devices", MonitoredDevices.as_view()),
    path("api/monitoring/users", MonitoredUsers.as_view()),
)
