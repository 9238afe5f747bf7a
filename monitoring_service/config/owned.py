"""What this service owns and others copy."""

from monitoring_service.hours.resync import OwnedHours
from monitoring_service.series.resync import OwnedSeries

OWNED = (OwnedHours(), OwnedSeries())
