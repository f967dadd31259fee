"""Serial numbers of the articles of an offer: which row they belong to, and whose are still due.

`spec/gateway.md` §10: they belong to the row with that SKU, without SKU to the row with that index. A row
counts pieces; one with a broken quantity (1.5 m of cable) has none, so none is due for it.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

from parcela.domain.merchant_offers import CartItem, SerialNumbers
from parcela.domain.merchant_screening import match_sku
from parcela.domain.merchants import SerialRule, SerialsDue
from parcela.domain.order_refusals import ItemMember, PlanCondition, PlanConditionUnmet
from parcela.domain.orders import OrderLine


def read_item(line: OrderLine) -> CartItem:
    """A line without its serial numbers."""
    return CartItem(sku=line.sku, quantity=line.quantity, unit_price=line.unit_price)


def refuse_item(index: int, member: ItemMember) -> PlanConditionUnmet:
    """An article that is not as quoted or accepted, by its position in the request."""
    return PlanConditionUnmet(PlanCondition.SAME_ITEMS, item_index=index, member=member)


def place_lines(rows: Sequence[CartItem], lines: Sequence[OrderLine]) -> tuple[int, ...]:
    """The row of each line, by SKU or else by index; a row is one line's.

    Raises PlanConditionUnmet(SAME_ITEMS) for a line whose row there is not, or that differs from it.
    """
    free: dict[str | None, list[int]] = defaultdict(list)
    for position, row in enumerate(rows):
        free[row.sku].append(position)
    places = []
    for index, line in enumerate(lines):
        candidates = _list_candidates(rows, free, line, index=index)
        place = _choose_row(rows, line, candidates, index=index)
        free[rows[place].sku].remove(place)
        places.append(place)
    return tuple(places)


def read_serials(rows: Sequence[CartItem], lines: Sequence[OrderLine]) -> tuple[SerialNumbers, ...]:
    """The serial numbers that the lines bring, each with its row, by row.

    Raises PlanConditionUnmet(SAME_ITEMS) as `place_lines`, and for a line that does not bring one number a
    piece, or the same number twice.
    """
    serials = []
    for index, (line, place) in enumerate(zip(lines, place_lines(rows, lines), strict=True)):
        numbers = line.serial_numbers
        if not numbers:
            continue
        if len(numbers) != rows[place].quantity or len(set(numbers)) < len(numbers):
            raise refuse_item(index, ItemMember.SERIAL_NUMBER)
        serials.append(SerialNumbers(sku=rows[place].sku, index=place, numbers=numbers))
    return tuple(sorted(serials, key=_get_index))


def merge_serials(
    rows: Sequence[CartItem], kept: Sequence[SerialNumbers], new: Sequence[SerialNumbers]
) -> tuple[SerialNumbers, ...]:
    """The serial numbers of these rows: the new ones, else those kept that still fit their row."""
    given = {serials.index: serials for serials in new}
    kept_of: dict[str | None, list[SerialNumbers]] = defaultdict(list)
    for serials in kept:
        kept_of[serials.sku].append(serials)
    rows_of = Counter(row.sku for row in rows)
    merged = []
    for position, row in enumerate(rows):
        is_only_row = row.sku is not None and rows_of[row.sku] == 1
        found = given.get(position) or _find_kept(kept_of[row.sku], position, is_only_row=is_only_row)
        if found is not None and len(found.numbers) == row.quantity:
            merged.append(SerialNumbers(sku=row.sku, index=position, numbers=found.numbers))
    return tuple(merged)


def list_missing(
    rows: Sequence[CartItem], serials: Sequence[SerialNumbers], rule: SerialRule
) -> tuple[int, ...]:
    """The rows whose serial numbers the rule asks for, now or later, and that have none."""
    if rule.due is SerialsDue.NEVER:
        return ()
    given = {held.index for held in serials}
    return tuple(
        position
        for position, row in enumerate(rows)
        if position not in given and _has_pieces(row) and _is_asked(rule, row)
    )


def _list_candidates(
    rows: Sequence[CartItem], free: dict[str | None, list[int]], line: OrderLine, *, index: int
) -> list[int]:
    """The rows that a line may mean. Without SKU its own index comes first among the rows without one, and
    after them where the row there has a SKU.
    """
    if line.sku is not None or index >= len(rows):
        return free[line.sku]
    own = [index] if index in free[rows[index].sku] else []
    others = [place for place in free[None] if place != index]
    return own + others if rows[index].sku is None else others + own


def _choose_row(rows: Sequence[CartItem], line: OrderLine, candidates: Sequence[int], *, index: int) -> int:
    """The first candidate that the line equals. Raises PlanConditionUnmet(SAME_ITEMS)."""
    if not candidates:
        raise refuse_item(index, ItemMember.SKU)
    for place in candidates:
        if (rows[place].quantity, rows[place].unit_price) == (line.quantity, line.unit_price):
            return place
    raise refuse_item(index, find_differing_member([rows[place] for place in candidates], line))


def find_differing_member(rows: Sequence[CartItem], line: OrderLine) -> ItemMember:
    """What makes a line differ from rows with its SKU, none of which it equals."""
    if any(row.quantity == line.quantity for row in rows):
        return ItemMember.UNIT_PRICE
    return ItemMember.QUANTITY


def _find_kept(kept: Sequence[SerialNumbers], position: int, *, is_only_row: bool) -> SerialNumbers | None:
    """What was kept for a row, of what has its SKU; where that is one row's alone, whatever place it had."""
    if is_only_row and len(kept) == 1:
        return kept[0]
    return next((serials for serials in kept if serials.index == position), None)


def _has_pieces(row: CartItem) -> bool:
    return row.quantity == row.quantity.to_integral_value()


def _is_asked(rule: SerialRule, row: CartItem) -> bool:
    return not rule.skus or any(match_sku(pattern, row.sku) for pattern in rule.skus)


def _get_index(serials: SerialNumbers) -> int:
    return serials.index
