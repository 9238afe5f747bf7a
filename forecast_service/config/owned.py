"""What this service owns and others copy. Not compared with its copies: each hour's forecast replaces the last."""

from forecast_service.forecasts.queries import told_forecasts
from forecast_service.forecasts.services import forecast_state
from service_kit.events import ForecastIssued
from service_kit.owned import OwnedRows

OWNED = (OwnedRows(ForecastIssued, told_forecasts, forecast_state),)
