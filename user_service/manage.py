import sys
from pathlib import Path

# As a file (`user_service/manage.py`) Python would look for the packages beside it; they live one folder up.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from service_kit.manage import main

if __name__ == "__main__":
    main("user_service.config.settings")
