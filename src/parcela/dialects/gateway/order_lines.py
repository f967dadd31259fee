"""The articles of a request, and the rows of an offer that stand for what they leave out (§§10, 11.3)."""

from collections.abc import Sequence
from decimal import Decimal

from parcela.dialects.gateway.calls import Call, RequestTree
from parcela.dialects.gateway.errors import refuse_invalid
from parcela.dialects.gateway.request_tree import find_decimal, find_text, list_items
from parcela.domain.merchant_offers import CartItem
from parcela.domain.orders import OrderLine
from parcela.domain.plan_conditions import list_accepted_items
from parcela.operations.plan_choices import get_quoted_offer

_MAX_SERIAL_NUMBER = 100


def read_lines(fields: RequestTree, rows: Sequence[CartItem] = ()) -> tuple[OrderLine, ...]:
    """The items with their serial numbers. Raises GatewayError.

    What one that brings serial numbers alone leaves out is as in the row with its SKU, else with its index.
    """
    return tuple(_read_line(item, index, rows) for index, item in enumerate(list_items(fields, "order.item")))


def has_short_items(fields: RequestTree) -> bool:
    """Does an item leave out what it is?"""
    items = list_items(fields, "order.item")
    return not all("quantity" in item and "unitPrice" in item for item in items)


async def list_offer_rows(call: Call, offer_id: str) -> Sequence[CartItem]:
    """The articles that an offer was accepted for, else quoted for. Raises PlanConditionUnmet(KNOWN)."""
    quoted = await get_quoted_offer(call.engine, call.world, call.caller, offer_id)
    return quoted.offer.items or list_accepted_items(quoted.offer)


def get_text(fields: RequestTree, path: str) -> str:
    """A text that the operation's table requires."""
    value = find_text(fields, path)
    assert value is not None, f"the table requires {path}"
    return value


def get_decimal(fields: RequestTree, path: str) -> Decimal:
    """A number that the operation's table requires, in major units where it is an amount."""
    return Decimal(get_text(fields, path))


def _read_line(item: RequestTree, index: int, rows: Sequence[CartItem]) -> OrderLine:
    sku = find_text(item, "sku")
    serials = _read_serials(item, f"order.item[{index}].serialNumber")
    row = _find_row(rows, sku, index)
    quantity, unit_price = find_decimal(item, "quantity"), find_decimal(item, "unitPrice")
    known_quantity = Decimal(len(serials)) if row is None else row.quantity
    known_price = Decimal(0) if row is None else row.unit_price
    return OrderLine(
        sku=sku,
        quantity=known_quantity if quantity is None else quantity,
        unit_price=known_price if unit_price is None else unit_price,
        serial_numbers=serials,
    )


def _find_row(rows: Sequence[CartItem], sku: str | None, index: int) -> CartItem | None:
    if sku is not None:
        return next((row for row in rows if row.sku == sku), None)
    return rows[index] if index < len(rows) else None


def _read_serials(item: RequestTree, path: str) -> tuple[str, ...]:
    """One number per piece, with commas between."""
    value = find_text(item, "serialNumber")
    if value is None:
        return ()
    numbers = tuple(piece.strip() for piece in value.split(","))
    if not all(1 <= len(number) <= _MAX_SERIAL_NUMBER for number in numbers):
        raise refuse_invalid(
            path, value, "Expected serial numbers of 1 to 100 characters with commas between"
        )
    return numbers
