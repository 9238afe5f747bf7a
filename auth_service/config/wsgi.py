from service_kit.wsgi import service

application = service("auth_service.config.settings")
