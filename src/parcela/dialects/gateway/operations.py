"""The operations of this door, gathered from those who carry them out (`spec/gateway.md` §1)."""

from parcela.dialects.gateway.inquiry_handlers import INQUIRY_OPERATIONS
from parcela.dialects.gateway.offer_handlers import OFFER_OPERATIONS
from parcela.dialects.gateway.retrieval_handlers import RETRIEVAL_OPERATIONS
from parcela.dialects.gateway.routes import Operation
from parcela.dialects.gateway.session_handlers import SESSION_OPERATIONS
from parcela.dialects.gateway.transaction_handlers import TRANSACTION_OPERATIONS

OPERATIONS: tuple[Operation, ...] = (
    *SESSION_OPERATIONS,
    *INQUIRY_OPERATIONS,
    *OFFER_OPERATIONS,
    *TRANSACTION_OPERATIONS,
    *RETRIEVAL_OPERATIONS,
)
