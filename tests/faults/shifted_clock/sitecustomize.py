"""Python runs this at its start when the directory is on its path: a process whose clock is off by CLOCK_OFF_SECONDS."""

import os
from datetime import UTC, datetime, timedelta

import time_machine

time_machine.travel(datetime.now(UTC) + timedelta(seconds=int(os.environ["CLOCK_OFF_SECONDS"])), tick=True).start()
