"""Dictionaries that requests take.

Written by `python -m clients.python.generate`; do not edit.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict


class Range(TypedDict, total=False):
    """Instants in Unix seconds: from `gte` on, before `lt`."""

    gte: int
    lt: int


class PaymentMethodsCreateBillingDetails(TypedDict):
    """Members of a request."""

    name: NotRequired[str]
    email: NotRequired[str]
    phone: NotRequired[str]
    address: NotRequired[PaymentMethodsCreateBillingDetailsAddress]


class PaymentMethodsCreateBillingDetailsAddress(TypedDict):
    """Members of a request."""

    line1: NotRequired[str]
    city: NotRequired[str]
    postal_code: NotRequired[str]
    country: NotRequired[str]


class PaymentMethodsCreateCard(TypedDict):
    """Members of a request."""

    number: str
    exp_month: int
    exp_year: int
    cvc: str


class PaymentsConfirmInstallments(TypedDict):
    """Members of a request."""

    enabled: NotRequired[bool]
    count: NotRequired[int]
    interval: NotRequired[Literal["month"]]
    first_payment_date: NotRequired[str]
    program: NotRequired[Literal["issuer", "vinr_bnpl", "any", "bnpl"]]
    offer: NotRequired[str]
    required: NotRequired[bool]


class PaymentsConfirmTermsAcceptance(TypedDict):
    """Members of a request."""

    terms_id: str
    version: str
    language: str
    accepted_at: int


class PaymentsCreateAuthentication(TypedDict):
    """Members of a request."""

    mode: NotRequired[Literal["redirect"]]


class PaymentsCreateBillingDetails(TypedDict):
    """Members of a request."""

    name: NotRequired[str]
    email: NotRequired[str]
    phone: NotRequired[str]
    address: NotRequired[PaymentsCreateBillingDetailsAddress]


class PaymentsCreateBillingDetailsAddress(TypedDict):
    """Members of a request."""

    line1: NotRequired[str]
    city: NotRequired[str]
    postal_code: NotRequired[str]
    country: NotRequired[str]


class PaymentsCreateInstallments(TypedDict):
    """Members of a request."""

    enabled: NotRequired[bool]
    count: NotRequired[int]
    interval: NotRequired[Literal["month"]]
    first_payment_date: NotRequired[str]
    program: NotRequired[Literal["issuer", "vinr_bnpl", "any", "bnpl"]]
    required: NotRequired[bool]


class ReportsCreateFilter(TypedDict):
    """Members of a request."""

    payment_method_type: NotRequired[Literal["card", "card_installment"]]
    type: NotRequired[Literal["payment", "refund", "refund_reversal", "adjustment", "payout"]]
    currency: NotRequired[str]
    settlement: NotRequired[str]


class ReportsCreateInterval(TypedDict):
    """Members of a request."""

    start: str
    end: str
