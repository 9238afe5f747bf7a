"""forecast_service: hourly energy to models and forecasts."""

import os

# One meter's matrices are too small to share: more threads only cost memory and quarrel over the processors.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
