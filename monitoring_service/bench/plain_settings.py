from monitoring_service.config.settings import *

ROOT_URLCONF = "monitoring_service.bench.plain_view"
