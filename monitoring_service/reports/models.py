"""Reports, their files and the schedules that make them; files lie in the database, so that every process finds them."""

import uuid
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Format(models.TextChoices):
    PDF = "pdf"
    XLSX = "xlsx"
    CSV = "csv"


class Schedule(models.Model):
    """A report of every day, week or month, made once it is over. `scope`: as `scopes.Scope.text`.

    `next_day`: the first local day of the period that is reported next, when it is `due_at`.
    """

    class Every(models.TextChoices):
        DAY = "day"
        WEEK = "week"
        MONTH = "month"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner_id = models.UUIDField()
    scope = models.JSONField()
    scope_name = models.CharField(max_length=300)
    every = models.CharField(max_length=5, choices=Every)
    format = models.CharField(max_length=4, choices=Format, default=Format.PDF)
    by_mail = models.BooleanField(default=True)
    enabled = models.BooleanField(default=True)
    next_day = models.DateField()
    due_at = models.DateTimeField()
    last_report = models.ForeignKey("Report", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = (
            models.Index(fields=["owner_id", "-created_at", "id"], name="schedules_of_owner"),
            models.Index(fields=["due_at"], name="schedules_due", condition=Q(enabled=True)),
        )


class Report(models.Model):
    """What was asked for and how far it is. [start, end) is local time of `timezone`; `unit` None: any other time than one of these.

    `scope`: as `scopes.Scope.text`. `device_ids`: whose hours it was made of, at which
    `revisions` of them. `summary`: as `content.summary`. `mail_due_at`: when it
    is (next) to be mailed, None when it is not.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner_id = models.UUIDField()
    schedule = models.ForeignKey(Schedule, null=True, on_delete=models.SET_NULL, related_name="reports")
    scope = models.JSONField()
    scope_name = models.CharField(max_length=300)
    unit = models.CharField(max_length=5, null=True)
    start = models.DateTimeField()
    end = models.DateTimeField()
    timezone = models.CharField(max_length=64)
    format = models.CharField(max_length=4, choices=Format)
    created_at = models.DateTimeField(db_default=Now())
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    lease_until = models.DateTimeField(null=True)
    tries = models.IntegerField(default=0)
    error = models.TextField(null=True)
    finished_at = models.DateTimeField(null=True)
    device_ids = ArrayField(models.UUIDField(), default=list)
    revisions = models.BigIntegerField(default=0)
    summary = models.JSONField(null=True)
    size = models.IntegerField(null=True)
    mail_due_at = models.DateTimeField(null=True)
    mail_attempts = models.IntegerField(default=0)
    mailed_at = models.DateTimeField(null=True)
    mail_error = models.CharField(max_length=200, null=True)

    class Meta:
        indexes = (
            models.Index(fields=["owner_id", "-created_at", "id"], name="reports_of_owner"),
            models.Index(fields=["-created_at", "id"], name="reports_newest"),
            models.Index(fields=["created_at"], name="reports_open", condition=Q(state__in=("queued", "running"))),
            models.Index(fields=["mail_due_at"], name="reports_to_mail", condition=Q(mail_due_at__isnull=False)),
        )
        constraints = (models.UniqueConstraint(fields=["schedule", "start"], name="once_a_period"),)

    @property
    def file_name(self) -> str:
        first_day = self.start.astimezone(ZoneInfo(self.timezone))
        return f"energy-report_{first_day:%Y-%m-%d}_{self.id.hex[:8]}.{self.format}"


class ReportFile(models.Model):
    report = models.OneToOneField(Report, primary_key=True, on_delete=models.CASCADE, related_name="file")
    body = models.BinaryField()
