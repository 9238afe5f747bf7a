"""How numbers are written in sentences for people."""


def energy(kwh: float) -> str:
    """ "0.213 kWh", "12.3 kWh", "99,999 kWh"."""
    return f"{kwh:,.0f} kWh" if abs(kwh) >= 100 else f"{round(kwh, 3):.3g} kWh"
