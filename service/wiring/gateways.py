"""Gateways: whoever takes short messages, by the settings."""

from typing import TypeAlias

from service.adapters.secrets_folder import SecretsFolder
from service.adapters.sms import HttpGateway, NoGateway, OutboxGateway
from service.settings import Settings

ClosableGateway: TypeAlias = HttpGateway | OutboxGateway | NoGateway


def gateway_of(settings: Settings) -> ClosableGateway:
    """Return the gateway of the settings; the folder for development only where everything is the embedded default."""
    if settings.sms.startswith("http"):
        return HttpGateway(settings.sms, SecretsFolder(settings.secrets_folder).text("sms"))
    if settings.sms == "outbox" and settings.embedded:
        return OutboxGateway(settings.data / "outbox")
    return NoGateway()
