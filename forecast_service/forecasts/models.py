from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

LONGEST_SCOPE = 2400  # a list of some fifty devices; an index entry holds no more
ENERGIES = models.FloatField()


class Forecast(models.Model):
    """The energy of one kind in a scope, hour by hour from `history_until`, as it was expected at `issued_at`.

    basis: digest of the members and their histories; while it is the same, so would the forecast be.
    reason: why this model forecasts. kwh is the median; the other arrays are the ends of the 80 and 95% prediction intervals.
    """

    scope = models.CharField(max_length=LONGEST_SCOPE)
    kind = models.CharField(max_length=20)
    model = models.CharField(max_length=30)
    reason = models.TextField(default="")
    fallback = models.TextField(null=True)
    basis = models.CharField(max_length=64)
    zone = models.CharField(max_length=64)
    history_until = models.DateTimeField()
    issued_at = models.DateTimeField()
    kwh = ArrayField(ENERGIES)
    lower_80 = ArrayField(ENERGIES)
    upper_80 = ArrayField(ENERGIES)
    lower_95 = ArrayField(ENERGIES)
    upper_95 = ArrayField(ENERGIES)
    accuracy = models.JSONField(default=dict)
    left_out = models.JSONField(default=list)
    is_current = models.BooleanField(default=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["scope", "kind"],
                condition=Q(is_current=True),
                name="one_current_forecast_per_scope",
            ),
            models.UniqueConstraint(
                fields=["scope", "kind", "history_until"],
                name="one_forecast_per_scope_and_hour",
            ),
        )
        indexes = (models.Index(fields=["issued_at"], name="forecast_by_age"),)

    @property
    def version(self) -> int:
        """Of two forecasts of a scope the one made later counts."""
        return int(self.pk)


class Plan(models.Model):
    """That a scope is to be forecast from `due_until`, and how far it has been: the queue of the workers may forget, this does not.

    enqueued_at: when a worker was last asked; after a while without an answer one is asked again.
    """

    scope = models.CharField(max_length=LONGEST_SCOPE)
    kind = models.CharField(max_length=20)
    due_until = models.DateTimeField()
    done_until = models.DateTimeField(null=True)
    enqueued_at = models.DateTimeField(null=True)
    last_error = models.TextField(default="")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["scope", "kind"], name="one_plan_per_scope"),)
        indexes = (
            models.Index(
                fields=["due_until"],
                condition=Q(done_until=None) | Q(done_until__lt=F("due_until")),
                name="plan_due",
            ),
        )
