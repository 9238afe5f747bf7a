from hypothesis import settings

pytest_plugins = ["service_kit.testing"]
# How long one example takes is the machine's affair.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
