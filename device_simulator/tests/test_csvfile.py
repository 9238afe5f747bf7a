"""Files of real measurements become readings: split, shifted, in UTC, gaps left out."""

import gzip
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from device_simulator.csvfile import CsvFile, readings, shift_to, survey
from device_simulator.errors import SimulatorError
from device_simulator.meters import Reading

ALICE = "00000000-0000-4000-8000-00000000a11c"
THREE_HOURS = "timestamp,home,roof\n2026-01-31 00:00:00,1.2,0\n2026-01-31 01:00:00,,3\n2026-01-31 02:00:00,0.6,3\n"


@pytest.fixture
def write(tmp_path: Path):
    def write(text: str, **how) -> CsvFile:
        path = tmp_path / "file.csv"
        path.write_text(text)
        return CsvFile(path, how.pop("devices", {"home": ALICE}), **how)

    return write


def read(file: CsvFile, shift: int = 0) -> list[Reading]:
    return list(readings(file, survey(file), shift))


def stamps(file: CsvFile) -> list[str]:
    return [reading.timestamp for reading in read(file)]


def test_a_row_is_one_reading_at_the_end_of_its_interval(write) -> None:
    assert read(write(THREE_HOURS)) == [
        Reading(ALICE, int(datetime(2026, 1, 31, 1, tzinfo=UTC).timestamp()), 1.2),
        Reading(ALICE, int(datetime(2026, 1, 31, 3, tzinfo=UTC).timestamp()), 0.6),
    ]


def test_stamps_at_the_end_of_the_interval_stay_where_they_are(write) -> None:
    assert stamps(write(THREE_HOURS, stamps_end=True)) == ["2026-01-31T00:00:00Z", "2026-01-31T02:00:00Z"]


def test_a_row_is_split_evenly_and_its_sum_stays(write) -> None:
    parts = read(write(THREE_HOURS, interval_seconds=600))

    assert [part.timestamp for part in parts[:6]] == [
        f"2026-01-31T0{'1:00' if m == 60 else f'0:{m}'}:00Z" for m in range(10, 61, 10)
    ]
    assert sum(part.value for part in parts[:6]) == pytest.approx(1.2, abs=1e-12)
    assert len(parts) == 12


def test_an_empty_cell_is_a_gap_and_counted_as_none(write) -> None:
    assert survey(write(THREE_HOURS)).readings == 2


def test_a_gzipped_file_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "file.csv.gz"
    path.write_bytes(gzip.compress(THREE_HOURS.encode()))

    assert len(read(CsvFile(path, {"home": ALICE}))) == 2


def test_only_the_first_rows_when_asked(write) -> None:
    assert stamps(write(THREE_HOURS, rows=2)) == ["2026-01-31T01:00:00Z"]


def test_stamps_without_offset_are_in_the_given_zone_and_the_repeated_hour_counts_twice(write) -> None:
    autumn = "timestamp,home\n" + "".join(f"2026-10-25 {hour}:00,1\n" for hour in ("01", "02", "02", "03"))

    assert stamps(write(autumn, timezone=ZoneInfo("Europe/Berlin"))) == [
        f"2026-10-25T0{hour}:00:00Z" for hour in (0, 1, 2, 3)
    ]


def test_a_time_that_the_clock_jumps_over_is_refused_with_the_way_out(write) -> None:
    spring = "timestamp,home\n2026-03-29 01:00,1\n2026-03-29 02:00,1\n"
    with pytest.raises(SimulatorError, match=r"line 3: .* does not exist in Europe/Berlin .*Etc/GMT-1"):
        survey(write(spring, timezone=ZoneInfo("Europe/Berlin")))


def test_shifted_to_now_it_ends_with_the_last_full_hour(write) -> None:
    file = write(THREE_HOURS)

    shift = shift_to("now", survey(file), datetime(2026, 11, 21, 11, 42, 7, tzinfo=UTC))

    assert read(file, shift)[-1].timestamp == "2026-11-21T11:00:00Z"


def test_shifted_to_an_instant_it_ends_there(write) -> None:
    file = write(THREE_HOURS)

    shift = shift_to("2026-11-21T12:00:00+01:00", survey(file), datetime.now(UTC))

    assert read(file, shift)[-1].timestamp == "2026-11-21T11:00:00Z"


@pytest.mark.parametrize(
    ("text", "how", "told"),
    [
        (THREE_HOURS, {"devices": {"attic": ALICE}}, "no such column; it has home, roof"),
        (THREE_HOURS, {"devices": {}}, "--device COLUMN=DEVICE_ID (columns: home, roof)"),
        (THREE_HOURS, {"interval_seconds": 700}, "does not divide the 3600 s"),
        ("timestamp,home\n2026-01-31,1\n", {}, "1 rows; at least two"),
        ("timestamp,home\n2026-01-31,1\nyesterday,2\n", {}, "line 3: 'yesterday' is not a time"),
        ("timestamp,home\n2026-01-31,1\n2026-01-30,2\n", {}, "sort the file by time"),
        ("timestamp,home\n2026-01-31,1\n2026-02-01,1e999\n", {}, "line 3, column 2: '1e999' is not a finite number"),
    ],
)
def test_a_broken_file_is_refused_before_anything_is_sent(write, text: str, how: dict, told: str) -> None:
    with pytest.raises(SimulatorError) as refusal:
        survey(write(text, **how))

    assert told in str(refusal.value)
