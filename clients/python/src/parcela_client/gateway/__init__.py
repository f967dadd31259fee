"""Client of the gateway API: REST with HTTP Basic, in the version that the merchant's software speaks."""

from parcela_client.gateway._async import AsyncGateway
from parcela_client.gateway._calls import Merchant
from parcela_client.gateway._sync import Gateway

__all__ = ["AsyncGateway", "Gateway", "Merchant"]
