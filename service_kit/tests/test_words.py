import pytest

from service_kit.words import energy


@pytest.mark.parametrize(
    ("kwh", "said"),
    [
        (0, "0 kWh"),
        (0.00004, "0 kWh"),
        (0.2134, "0.213 kWh"),
        (12.345, "12.3 kWh"),
        (99.96, "100 kWh"),
        (-1234.5, "-1,234 kWh"),
        (99999, "99,999 kWh"),
    ],
)
def test_energy_is_written_as_people_do(kwh: float, said: str) -> None:
    assert energy(kwh) == said
