"""Client of the network API; needs the extra `network` (`pip install parcela-client[network]`)."""

from parcela_client.network._async import AsyncNetwork
from parcela_client.network._party import Party
from parcela_client.network._sync import Network

__all__ = ["AsyncNetwork", "Network", "Party"]
