import uuid

from forecast_service.training.jobs import run_job
from forecast_service.worker import app


@app.task(name="forecasts.train")
def run_training(job_id: str) -> bool:
    """Do this job; whether it was done here."""
    return run_job(job_id=uuid.UUID(job_id))
