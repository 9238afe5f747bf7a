"""Places where a test ends the process, to see that nothing is lost or doubled there."""

import os
from pathlib import Path

from django.conf import settings


def fault_point(name: str) -> None:
    """Ends the process at once, as kill -9 would, when ENVIRONMENT is test and this point was chosen.

    Chosen is the point that FAULT names, each time; and once, the one that a file in the directory FAULT_DIR is named for.
    """
    if settings.ENVIRONMENT == "test" and (os.environ.get("FAULT") == name or _chosen_once(name)):
        os._exit(137)


def _chosen_once(name: str) -> bool:
    directory = os.environ.get("FAULT_DIR")
    if not directory:
        return False
    try:
        Path(directory, name).unlink()
    except FileNotFoundError:
        return False
    return True
