"""Gateways: whoever takes short messages, by the settings."""

from typing import TypeAlias

from features.clock import Clock
from service.adapters.secrets_folder import SecretsFolder
from service.adapters.sms import HttpGateway, NoGateway, OutboxGateway
from service.adapters.webhooks import HttpWebhooks, Reach
from service.settings import Settings

ClosableGateway: TypeAlias = HttpGateway | OutboxGateway | NoGateway


def webhooks_of(settings: Settings, clock: Clock) -> HttpWebhooks:
    """Return who sends webhooks: to public addresses over TLS, and to the networks that the settings name."""
    allowed = tuple(network for network in settings.webhook_networks.split(",") if network)
    return HttpWebhooks(clock, Reach(allowed=allowed, plain_http=bool(allowed)))


def gateway_of(settings: Settings) -> ClosableGateway:
    """Return the gateway of the settings; the folder for development only where everything is the embedded default."""
    if settings.sms.startswith("http"):
        return HttpGateway(settings.sms, SecretsFolder(settings.secrets_folder).text("sms"))
    if settings.sms == "outbox" and settings.embedded:
        return OutboxGateway(settings.data / "outbox")
    return NoGateway()
