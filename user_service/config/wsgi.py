from service_kit.wsgi import service

application = service("user_service.config.settings")
