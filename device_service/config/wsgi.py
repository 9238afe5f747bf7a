from service_kit.wsgi import service

application = service("device_service.config.settings")
