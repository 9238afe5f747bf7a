"""Files of readings: taken in at once, read in the background, every rejected row named with its reason."""

import io
import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError

from monitoring_service.conftest import DAY, METER, TEN_MINUTES, device_event
from monitoring_service.readings.models import Reading
from monitoring_service.uploads import services, storage
from monitoring_service.uploads.models import Chunk, RejectedRow, Upload
from monitoring_service.uploads.services import ProcessUploads, purge_uploads
from service_kit.auth import Caller

pytestmark = pytest.mark.django_db
ClientFor = Callable[[Caller | None], Any]
Deliver = Callable[..., None]
Hours = Callable[..., Any]
ADDRESS = "/api/monitoring/uploads"


@pytest.fixture
def by_admin(meter: uuid.UUID, client_for: ClientFor, admin: Caller) -> Any:
    return client_for(admin)


def send(client: Any, body: bytes | str, name: str = "meter.csv", **options: Any) -> Any:
    raw = body.encode() if isinstance(body, str) else body
    form = {"file": SimpleUploadedFile(name, raw), "timezone": "UTC", **options}
    return client.post(ADDRESS, form, format="multipart")


def read(client: Any, upload_id: str) -> dict[str, Any]:
    """The upload when it has been read to its end."""
    job = ProcessUploads()
    while job():
        pass
    return dict(client.get(f"{ADDRESS}/{upload_id}").json())


def processed(client: Any, body: bytes | str, name: str = "meter.csv", **options: Any) -> dict[str, Any]:
    answer = send(client, body, name, **options)
    assert answer.status_code == 202, answer.json()
    return read(client, answer.json()["id"])


def rows(count: int, value: float = 0.1) -> list[tuple[str, str, float]]:
    return [((DAY + TEN_MINUTES * (n + 1)).isoformat(), str(METER), value) for n in range(count)]


def as_csv(lines: list[tuple[Any, ...]], header: str = "timestamp,device_id,value", delimiter: str = ",") -> str:
    return "\n".join([header, *(delimiter.join(map(str, line)) for line in lines)]) + "\n"


def instants() -> list[datetime]:
    return list(Reading.objects.order_by("at").values_list("at", flat=True))


def test_a_csv_becomes_hours(by_admin: Any, hours: Hours) -> None:
    answer = send(by_admin, as_csv(rows(144)))
    assert (answer.status_code, answer.json()["state"], answer.json()["progress"]) == (202, "queued", 0)
    assert hours() == {}

    upload = read(by_admin, answer.json()["id"])

    assert (upload["state"], upload["progress"], upload["rows"], upload["accepted"]) == ("done", 1, 144, 144)
    assert (upload["rejected"], upload["error"]) == ([], None)
    assert sum(hour.kwh for hour in hours().values()) == pytest.approx(14.4)
    assert not Chunk.objects.exists()


def test_an_xlsx_with_dates_as_cells_and_a_device_by_name(by_admin: Any, hours: Hours) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Timestamp", "Device", "Value"])
    for n in range(6):
        sheet.append([(DAY + TEN_MINUTES * (n + 1)).replace(tzinfo=None), "Kitchen", 0.1])
    sheet.append([None, None, None])
    file = io.BytesIO()
    book.save(file)

    upload = processed(by_admin, file.getvalue(), "meter.xlsx")

    assert (upload["state"], upload["accepted"], upload["rejected"]) == ("done", 6, [])
    assert hours()[DAY].kwh == pytest.approx(0.6)


def test_the_same_file_again_changes_nothing(by_admin: Any, hours: Hours) -> None:
    processed(by_admin, as_csv(rows(6)))

    again = processed(by_admin, as_csv(rows(6)))

    assert (again["accepted"], again["duplicates"]) == (0, 6)
    assert hours()[DAY].version == 1


def test_every_rejected_row_is_named_with_its_reason_and_its_neighbours_stay(by_admin: Any) -> None:
    good = rows(2)
    lines = [
        good[0],
        ("yesterday", METER, 1),
        ("1999-01-01 00:00", METER, 1),
        ("2126-01-01 00:00", METER, 1),
        (DAY, "Cellar", 1),
        (DAY, uuid.uuid4(), 1),
        (DAY, METER, "much"),
        (DAY, METER, "nan"),
        (DAY, METER, "1e400"),
        (DAY, METER, ""),
        (DAY, METER, '"0,5"'),
        (DAY, METER, -1),
        (DAY,),
        good[1],
    ]

    upload = processed(by_admin, as_csv(lines))

    assert (upload["state"], upload["accepted"], upload["rejected_count"], upload["rows"]) == ("done", 2, 12, 14)
    reasons = {row["row"]: row["error"] for row in upload["rejected"]}
    for row, part in {
        3: "yesterday", 4: "before 2000", 5: "24 h ahead", 6: '"Cellar" is not known', 7: "is not known", 8: '"much"',
        9: "finite", 10: "finite", 11: "not a number", 12: "decimal=,", 13: "negative", 14: "not known",
    }.items():  # fmt: skip
        assert part in reasons[row], (row, reasons[row])
    download = by_admin.get(upload["rejected_url"])
    text = b"".join(download.streaming_content).decode()
    assert text.startswith("row,error\r\n3,")
    assert len(text.splitlines()) == 13


def test_a_dry_run_checks_and_stores_nothing(by_admin: Any, hours: Hours) -> None:
    upload = processed(by_admin, as_csv([*rows(6), ("yesterday", METER, 1)]), dry_run=True)

    assert (upload["state"], upload["accepted"], upload["rejected_count"], upload["dry_run"]) == ("done", 6, 1, True)
    assert hours() == {}
    assert not Reading.objects.exists()


def test_a_german_export(by_admin: Any) -> None:
    """Own headings, semicolons, decimal commas, Wh, the interval's start, local time, Windows' characters."""
    body = "Zähler;Zeit;Arbeit (Wh)\nKitchen;10.03.2026 01:00;1.200,5\nKitchen;10.03.2026 01:10;99,5\n"

    upload = processed(
        by_admin,
        body.encode("windows-1252"),
        columns=json.dumps({"device": "Zähler", "timestamp": "Zeit", "value": "Arbeit (Wh)"}),
        timezone="Europe/Berlin",
        timestamps="start",
        decimal=",",
        unit="Wh",
        encoding="windows-1252",
    )

    assert (upload["accepted"], upload["rejected"]) == (2, [])
    assert list(Reading.objects.order_by("at").values_list("at", "value")) == [
        (DAY + TEN_MINUTES, 1.2005),
        (DAY + 2 * TEN_MINUTES, 0.0995),
    ]


def test_mean_power_of_an_interval_is_its_energy_and_does_not_fit_a_register(by_admin: Any, deliver: Deliver) -> None:
    counter = uuid.uuid4()
    deliver(device_event(counter, name="Counter", reading="register_kwh"))

    upload = processed(by_admin, as_csv([(DAY, METER, 1.2), (DAY, counter, 5)]), unit="kW")

    assert Reading.objects.get().value == pytest.approx(0.2)
    assert "send kWh" in upload["rejected"][0]["error"]


def test_the_autumns_doubled_hour_is_told_apart_by_the_files_order(by_admin: Any) -> None:
    first = datetime(2025, 10, 25, 23, 30, tzinfo=UTC)
    true = [first + TEN_MINUTES * n for n in range(18)]
    local = [at + timedelta(hours=2 if at < datetime(2025, 10, 26, 1, tzinfo=UTC) else 1) for at in true]
    assert len(set(local)) == 12

    processed(by_admin, as_csv([(f"{at:%Y-%m-%d %H:%M}", METER, 0.1) for at in local]), timezone="Europe/Rome")

    assert instants() == true


def test_a_time_that_the_spring_leaves_out_is_refused(by_admin: Any) -> None:
    lines = [(f"2026-03-29 {at}", METER, 0.1) for at in ("01:50", "02:30", "03:10")]

    upload = processed(by_admin, as_csv(lines), timezone="Europe/Rome")

    assert "2026-03-29 02:30 does not exist in Europe/Rome" in upload["rejected"][0]["error"]
    assert instants() == [datetime(2026, 3, 29, 0, 50, tzinfo=UTC), datetime(2026, 3, 29, 1, 10, tzinfo=UTC)]


def test_a_database_that_goes_away_half_way_costs_no_row_and_no_count(
    by_admin: Any, hours: Hours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "BATCH_ROWS", 50)
    upload_id = send(by_admin, as_csv([*rows(130), ("yesterday", METER, 1)])).json()["id"]
    job, store = ProcessUploads(), services.store_readings
    assert job()

    def away(**_: Any) -> Any:
        raise OperationalError("the server closed the connection unexpectedly")

    monkeypatch.setattr(services, "store_readings", away)
    with pytest.raises(OperationalError):
        job()
    assert Upload.objects.get().rows == 50
    monkeypatch.setattr(services, "store_readings", store)
    while job():
        pass

    upload = by_admin.get(f"{ADDRESS}/{upload_id}").json()
    assert (upload["state"], upload["rows"], upload["accepted"], upload["duplicates"]) == ("done", 131, 130, 0)
    assert [row["row"] for row in upload["rejected"]] == [132]
    assert sum(hour.kwh for hour in hours().values()) == pytest.approx(13)


def test_a_crashed_workers_file_is_read_on_by_another_when_its_lease_is_over(
    by_admin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "BATCH_ROWS", 50)
    upload_id = send(by_admin, as_csv(rows(130))).json()["id"]
    assert ProcessUploads()()

    assert not ProcessUploads()(), "its lease runs"
    Upload.objects.update(lease_until=datetime.now(UTC) - timedelta(seconds=1))

    upload = read(by_admin, upload_id)
    assert (upload["state"], upload["accepted"], upload["duplicates"]) == ("done", 130, 0)


def test_a_file_that_ends_every_worker_is_given_up(by_admin: Any) -> None:
    upload_id = send(by_admin, as_csv(rows(3))).json()["id"]
    for _ in range(services.MAX_TRIES + 1):
        ProcessUploads()._claim()  # and the process dies
        Upload.objects.update(lease_until=datetime.now(UTC) - timedelta(seconds=1))

    upload = by_admin.get(f"{ADDRESS}/{upload_id}").json()
    assert upload["state"] == "failed"
    assert "3 times" in upload["error"]
    assert not Chunk.objects.exists()


def test_a_workbook_without_the_columns_fails_clearly(by_admin: Any) -> None:
    file = io.BytesIO()
    openpyxl.Workbook().save(file)

    upload = processed(by_admin, file.getvalue(), "meter.xlsx")

    assert upload["state"] == "failed"
    assert "no column" in upload["error"]


@pytest.mark.parametrize(
    ("body", "options", "says"),
    [
        ("a,b\n1,2\n", {}, "no column 'timestamp'; the file has: a, b"),
        ("timestamp,value\n", {}, "no device_id was given"),
        ("timestamp,device_id,value\n", {"columns": '{"value": "kWh"}'}, "no column 'kWh' for value"),
        (b"PK\x03\x04 no workbook", {}, "not a workbook"),
        ("", {}, "empty"),
    ],
)
def test_a_file_that_cannot_do_is_refused_at_once(
    by_admin: Any, body: bytes | str, options: dict[str, str], says: str
) -> None:
    answer = send(by_admin, body, **options)

    assert answer.status_code == 400
    assert says in answer.json()["file"][0]
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"timezone": "Rome"}, "timezone"),
        ({"timestamps": "middle"}, "timestamps"),
        ({"unit": "J"}, "unit"),
        ({"columns": '{"volts": "U"}'}, "columns"),
        ({"columns": "["}, "columns"),
        ({"device_id": "kitchen"}, "device_id"),
    ],
)
def test_a_wrong_option_is_named(by_admin: Any, options: dict[str, str], field: str) -> None:
    answer = send(by_admin, as_csv(rows(1)), **options)
    assert answer.status_code == 400
    assert list(answer.json()) == [field]


def test_a_file_that_breaks_half_way_fails_clearly_and_keeps_what_was_read(
    by_admin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "BATCH_ROWS", 10)

    upload = processed(by_admin, as_csv(rows(300)).encode() + b"\xff\xfe\xff," * 3)

    assert upload["state"] == "failed"
    assert "not utf-8" in upload["error"]
    assert upload["accepted"] == Reading.objects.count() > 100
    assert not Chunk.objects.exists()


def test_a_device_for_all_rows(by_admin: Any) -> None:
    upload = processed(by_admin, as_csv([(DAY, 0.5)], header="timestamp,value"), device_id=str(METER))
    assert (upload["accepted"], Reading.objects.get().device_id) == (1, METER)


def test_too_large_a_file_and_too_many_waiting_are_refused(by_admin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "MAX_FILE_BYTES", 1000)
    assert send(by_admin, as_csv(rows(144))).status_code == 413
    assert send(by_admin, as_csv(rows(5))).status_code == 202
    monkeypatch.setattr(storage, "MAX_WAITING_BYTES", 100)
    assert send(by_admin, as_csv(rows(5))).status_code == 507
    assert Upload.objects.count() == 1


def test_files_of_several_chunks_are_read_as_one(by_admin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "CHUNK_BYTES", 100)
    assert processed(by_admin, as_csv(rows(60)))["accepted"] == 60


def test_only_the_admin_sends_files(meter: uuid.UUID, client_for: ClientFor, alice: Caller) -> None:
    assert send(client_for(alice), as_csv(rows(1))).status_code == 403
    assert send(client_for(None), as_csv(rows(1))).status_code == 401
    assert client_for(alice).get(ADDRESS).status_code == 403
    assert client_for(alice).get(f"{ADDRESS}/{uuid.uuid4()}").status_code == 403


def test_the_list_takes_three_queries_and_forgets_after_a_month(by_admin: Any, django_assert_num_queries: Any) -> None:
    for n in range(5):
        processed(by_admin, as_csv([*rows(1), ("yesterday", METER, n)]))
    with django_assert_num_queries(3):  # the caller's copy, the count, the page
        assert by_admin.get(ADDRESS).json()["count"] == 5

    Upload.objects.update(finished_at=datetime.now(UTC) - timedelta(days=31))
    assert purge_uploads() > 0
    assert not Upload.objects.exists()
    assert not RejectedRow.objects.exists()
