"""The rate's name on all that is read, the same as in the answers of the API (`disclosures.md` §5)."""

from parcela.domain.disclosures.rate_labels import find_rate_label

__all__ = ["find_rate_label"]
