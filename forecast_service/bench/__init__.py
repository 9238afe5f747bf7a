"""What is measured and not tested: `python -m forecast_service.bench.many_meters`; `bench.panel` is what the panel of real series calls."""
