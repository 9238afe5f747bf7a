"""`python -m forecast_service.manage COMMAND`, or `python forecast_service/manage.py COMMAND` from the root."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from service_kit.manage import main

    main("forecast_service.config.settings")
