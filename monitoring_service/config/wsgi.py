from service_kit.wsgi import service

application = service("monitoring_service.config.settings")
