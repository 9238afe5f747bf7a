"""What this service owns and others copy."""

from monitoring_service.hours.resync import OwnedHours

OWNED = (OwnedHours(),)
