from service_kit.wsgi import service

application = service("forecast_service.config.settings")
