"""`from parcela import Parcela`: the client under the name of the platform.

Where the server is installed too, its package `parcela` is found first and hands these names on.
"""

from parcela_client import AsyncParcela, Parcela, ParcelaError

__all__ = ["AsyncParcela", "Parcela", "ParcelaError"]
