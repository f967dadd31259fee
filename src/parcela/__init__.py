"""Parcela: an open, self-hosted installments platform."""

__version__ = "0.1.0"
