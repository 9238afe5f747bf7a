from forecast_service.forecasts.services import issue_planned
from forecast_service.worker import app


@app.task(name="forecasts.issue")
def issue_forecasts(plan_ids: list[int]) -> int:
    """Make the forecasts of these plans; the number stored."""
    return issue_planned(plan_ids=plan_ids)
