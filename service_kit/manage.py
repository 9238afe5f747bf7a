"""The body of every service's manage.py."""

import os
import sys


def main(settings_module: str) -> None:
    """Run a management command; a bad setting is one line on standard error and exit status 2."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", settings_module)
    from django.core.management import execute_from_command_line

    from service_kit.environment import BadSetting

    try:
        execute_from_command_line(sys.argv)
    except BadSetting as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
