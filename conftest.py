from hypothesis import HealthCheck, settings

pytest_plugins = ["service_kit.testing"]
# How long one example takes is the machine's affair.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
