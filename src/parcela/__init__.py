"""Parcela: an open, self-hosted installments platform.

`from parcela import Parcela` gives the client of its payments API where `parcela-client` is installed too.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from parcela_client import AsyncParcela as AsyncParcela
    from parcela_client import Parcela as Parcela
    from parcela_client import ParcelaError as ParcelaError

__version__ = "0.1.0"

_CLIENT_NAMES = frozenset({"AsyncParcela", "Parcela", "ParcelaError"})

if not TYPE_CHECKING:  # A checker that saw it would take every name for an attribute of this module.

    def __getattr__(name: str) -> object:
        """The client's names, imported when they are asked for: the server itself never needs them."""
        if name not in _CLIENT_NAMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if find_spec("parcela_client") is None:
            raise ImportError(f"parcela.{name} comes with the client: pip install parcela-client", name=name)
        return getattr(import_module("parcela_client"), name)
