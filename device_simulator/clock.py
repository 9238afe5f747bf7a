"""Simulated time: faster than the real one while it is behind, never ahead of it."""

import math
import time
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SimulationClock:
    """Starts at `start` and runs `acceleration` times as fast as the wall clock until it has caught up with it.

    All times are seconds since 1970; an acceleration of `math.inf` is there at once.
    """

    start: float
    acceleration: float = math.inf
    started_at: float = field(default_factory=time.time)

    def at(self, real: float) -> float:
        """Simulated time at the real time `real`."""
        elapsed = real - self.started_at
        if elapsed <= 0:
            return min(real, self.start) if math.isfinite(self.acceleration) else real
        return min(real, self.start + elapsed * self.acceleration)

    def now(self) -> float:
        return self.at(time.time())

    def real_seconds_until(self, simulated: float, real: float) -> float:
        """Real seconds from `real` until the simulated time is `simulated` (0 when it is past)."""
        ahead = simulated - self.at(real)
        return max(0.0, simulated - real, ahead / self.acceleration)
