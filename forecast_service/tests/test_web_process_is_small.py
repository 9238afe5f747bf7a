"""The web process computes with numpy alone: statsmodels, pandas, Celery would cost it a second and 180 MB."""

import subprocess
import sys

HEAVY = ("statsmodels", "pandas", "scipy", "sklearn", "celery")


def test_the_web_process_imports_nothing_heavy():
    code = (
        "import sys, forecast_service.config.wsgi, forecast_service.config.urls;"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")


def test_the_worker_needs_no_statsmodels_either():
    code = (
        "import sys, forecast_service.worker as worker; worker.app.loader.import_default_modules();"
        "print(worker.app.tasks['forecasts.issue'].name, 'statsmodels' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("forecasts.issue False")
