"""`python -m monitoring_service.manage COMMAND`, or `python monitoring_service/manage.py COMMAND` from the root."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from service_kit.manage import main

    main("monitoring_service.config.settings")
