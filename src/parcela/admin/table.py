"""Every call of the set-up door: one row each."""

from collections.abc import Iterator

from parcela.admin import catalogue, clients, ledger, people, wire
from parcela.admin.authorizations import AUTHORIZATION_ROUTES
from parcela.admin.collection_reports import COLLECTION_ROUTES
from parcela.admin.deliveries import DELIVERY_ROUTES
from parcela.admin.merchant_callers import MERCHANT_CALLER_ROUTES
from parcela.admin.merchant_orders import MERCHANT_ORDER_ROUTES
from parcela.admin.payments_callers import PAYMENTS_CALLER_ROUTES
from parcela.admin.payments_evidence import EVIDENCE_ROUTES
from parcela.admin.post_purchase import POST_PURCHASE_ROUTES
from parcela.admin.routes import Route
from parcela.admin.servicing_table import SERVICING_ROUTES
from parcela.domain.programs import ENTRY_TYPES

_KINDS = (
    ("/issuers", "issuer", "provider_id", False),
    ("/account-ranges", "account_range", "low", False),
    ("/programs", "program", "offer_id", False),
    ("/offer-groups", "offer_group", "code", False),
    ("/token-ranges", "token_range", "low", True),
    ("/market-pairs", "market_pair", "country_currency", True),
    ("/merchants", "merchant", "merchant_id", True),
    ("/merchant-products", "merchant_product", "product_key", True),
    ("/offer-rules", "offer_rule", "rule_key", True),
    ("/merchant-plans", "merchant_plan", "plan_key", True),
    ("/payments-accounts", "payments_account", "account_id", True),
    ("/payments-programs", "payments_program", "program_name", True),
    ("/payments-markets", "payments_market", "market_id", True),
)
"""Collection, kind of entry, the parameter that names one, and whether only operators touch it."""

_CHANGES = "/changes/{change_set_id}"
_CLIENT = "/clients/{client_id}"
_GROUP_LIST = "/offer-groups/{code}/pan-lists/{pan_list_id}"
_DESTINATION = "/issuers/{provider_id}/notification-destination"
_REALTIME = "/issuers/{provider_id}/realtime-destination"


def _list_entry_routes() -> Iterator[Route]:
    """Four calls for each kind of entry; a change of an entry is a change set of one."""
    for collection, kind, parameter, is_for_operators in _KINDS:
        path = f"{collection}/{{{parameter}}}"
        words = kind.replace("_", " ")
        change_set = wire.ChangeSetAnswer
        yield Route(
            method="GET",
            path=collection,
            handler=catalogue.make_list_entries(kind),
            summary=f"The {words}s in force",
            answer=wire.EntryList,
            is_for_operators=is_for_operators,
        )
        yield Route(
            method="GET",
            path=path,
            handler=catalogue.make_get_entry(kind, parameter),
            summary=f"One {words} in force",
            answer=wire.EntryAnswer,
            is_for_operators=is_for_operators,
        )
        yield Route(
            method="PUT",
            path=path,
            handler=catalogue.make_put_entry(kind, parameter),
            summary=f"Propose a {words}, new or changed",
            body=ENTRY_TYPES[kind],
            answer=change_set,
            status=202,
            query=("summary",),
            takes_key=True,
            is_for_operators=is_for_operators,
        )
        yield Route(
            method="DELETE",
            path=path,
            handler=catalogue.make_delete_entry(kind, parameter),
            summary=f"Propose to remove a {words}",
            answer=change_set,
            status=202,
            query=("summary",),
            takes_key=True,
            is_for_operators=is_for_operators,
        )


_SESSION_ROUTES = (
    Route(
        method="POST",
        path="/sessions",
        handler=people.sign_in,
        summary="Sign in",
        body=wire.SignIn,
        answer=wire.SessionAnswer,
        status=201,
        is_open=True,
    ),
    Route(
        method="DELETE",
        path="/sessions/current",
        handler=people.sign_out,
        summary="Sign out",
        answer=None,
        status=204,
    ),
)

_CATALOGUE_ROUTES = (
    Route(
        method="GET",
        path="/catalogue",
        handler=catalogue.export_catalogue,
        summary="The catalogue in force; as a catalogue file with `Accept: application/yaml`",
        answer=dict,
    ),
    Route(
        method="POST",
        path="/catalogue/diff",
        handler=catalogue.compare_catalogue,
        summary="What applying a catalogue document would change",
        body=dict,
        answer=wire.ComparisonAnswer,
        query=("prune",),
    ),
    Route(
        method="GET",
        path="/changes",
        handler=catalogue.list_changes,
        summary="The newest change sets",
        answer=wire.ChangeSetList,
    ),
    Route(
        method="POST",
        path="/changes",
        handler=catalogue.propose_changes,
        summary="Propose changes that stand or fall together",
        body=wire.ProposeChanges,
        answer=wire.ChangeSetAnswer,
        status=201,
        takes_key=True,
    ),
    Route(
        method="GET",
        path=_CHANGES,
        handler=catalogue.get_change,
        summary="One change set",
        answer=wire.ChangeSetAnswer,
    ),
    Route(
        method="POST",
        path=f"{_CHANGES}/approval",
        handler=catalogue.approve_change,
        summary="Approve a change set, as a second person",
        answer=wire.ChangeSetAnswer,
        takes_key=True,
    ),
    Route(
        method="POST",
        path=f"{_CHANGES}/rejection",
        handler=catalogue.reject_change,
        summary="Reject a change set, as a second person",
        body=wire.Rejection,
        answer=wire.ChangeSetAnswer,
        takes_key=True,
    ),
    Route(
        method="GET",
        path="/programs/{offer_id}/versions",
        handler=catalogue.list_program_versions,
        summary="All versions of a program",
        answer=wire.VersionList,
    ),
    Route(
        method="POST",
        path=_GROUP_LIST,
        handler=catalogue.link_pan_list,
        summary="Propose to link a PAN list to an offer group",
        answer=wire.ChangeSetAnswer,
        status=202,
        takes_key=True,
    ),
    Route(
        method="DELETE",
        path=_GROUP_LIST,
        handler=catalogue.unlink_pan_list,
        summary="Propose to unlink a PAN list from an offer group",
        answer=wire.ChangeSetAnswer,
        status=202,
        takes_key=True,
    ),
    Route(
        method="GET",
        path=_DESTINATION,
        handler=catalogue.get_destination,
        summary="Where an issuer's notifications go",
        answer=wire.DestinationAnswer,
    ),
    Route(
        method="PUT",
        path=_DESTINATION,
        handler=catalogue.put_destination,
        summary="Propose where an issuer's notifications go",
        body=wire.Destination,
        answer=wire.ChangeSetAnswer,
        status=202,
        query=("summary",),
        takes_key=True,
    ),
    Route(
        method="GET",
        path=_REALTIME,
        handler=catalogue.get_realtime_destination,
        summary="Where an issuer is asked for its own offers",
        answer=wire.RealTimeDestinationAnswer,
    ),
    Route(
        method="PUT",
        path=_REALTIME,
        handler=catalogue.put_realtime_destination,
        summary="Propose where an issuer is asked for its own offers",
        body=wire.RealTimeDestination,
        answer=wire.ChangeSetAnswer,
        status=202,
        query=("summary",),
        takes_key=True,
    ),
)

_CLIENT_ROUTES = (
    Route(
        method="GET",
        path="/clients",
        handler=clients.list_clients,
        summary="The registered callers",
        answer=wire.ClientList,
        is_for_operators=True,
    ),
    Route(
        method="POST",
        path="/clients",
        handler=clients.register_client,
        summary="Register a caller",
        body=wire.NewClientBody,
        answer=wire.ClientAnswer,
        status=201,
        takes_key=True,
        is_for_operators=True,
    ),
    Route(
        method="GET",
        path=_CLIENT,
        handler=clients.get_client,
        summary="One caller",
        answer=wire.ClientAnswer,
        is_for_operators=True,
    ),
    Route(
        method="PATCH",
        path=_CLIENT,
        handler=clients.switch_client,
        summary="Switch a caller on or off, suspend it or take it back",
        body=wire.ClientPatch,
        answer=wire.ClientAnswer,
        takes_key=True,
        is_for_operators=True,
    ),
    Route(
        method="GET",
        path=f"{_CLIENT}/keys",
        handler=clients.list_keys,
        summary="The keys of a caller and ours for it",
        answer=wire.KeyList,
        is_for_operators=True,
    ),
    Route(
        method="POST",
        path=f"{_CLIENT}/keys",
        handler=clients.add_key,
        summary="Add a caller's own public key",
        body=wire.NewKeyBody,
        answer=wire.KeyAnswer,
        status=201,
        takes_key=True,
        is_for_operators=True,
    ),
    Route(
        method="POST",
        path=f"{_CLIENT}/keys/rotations",
        handler=clients.rotate_key,
        summary="Make a new key pair of ours for a caller",
        body=wire.Rotation,
        answer=wire.KeyAnswer,
        status=201,
        takes_key=True,
        is_for_operators=True,
    ),
    Route(
        method="DELETE",
        path=f"{_CLIENT}/keys/{{key_id}}",
        handler=clients.revoke_key,
        summary="End a key, at once or after a grace period",
        answer=wire.KeyAnswer,
        query=("grace_seconds",),
        takes_key=True,
        is_for_operators=True,
    ),
    Route(
        method="PUT",
        path="/tokens",
        handler=clients.load_tokens,
        summary="Load pairs of token PAN and funding PAN",
        body=wire.TokenMap,
        answer=wire.TokensAnswer,
        takes_key=True,
        is_for_operators=True,
    ),
)

_RECORD_ROUTES = (
    Route(
        method="GET",
        path="/pan-lists",
        handler=people.list_pan_lists,
        summary="The PAN lists",
        answer=wire.PanListList,
    ),
    Route(
        method="GET",
        path="/plans/{plan_id}",
        handler=people.get_plan,
        summary="A plan with its installments",
        answer=wire.PlanAnswer,
    ),
    Route(
        method="GET",
        path="/plans/{plan_id}/acceptance",
        handler=people.get_acceptance,
        summary="The evidence that the terms of a plan were accepted",
        answer=wire.AcceptanceAnswer,
    ),
    Route(
        method="GET",
        path="/audit",
        handler=people.list_audit,
        summary="The newest lines of the audit trail",
        answer=wire.AuditList,
        query=("limit",),
        is_for_operators=True,
    ),
    Route(
        method="GET",
        path="/people",
        handler=people.list_people,
        summary="Everybody who may sign in",
        answer=wire.PersonList,
        is_for_operators=True,
    ),
    Route(
        method="POST",
        path="/people",
        handler=people.register_person,
        summary="Register somebody who may sign in",
        body=wire.NewPersonBody,
        answer=wire.PersonAnswer,
        status=201,
        takes_key=True,
        is_for_operators=True,
    ),
)

_LEDGER_ROUTES = (
    Route(
        method="GET",
        path="/ledger/balances",
        handler=ledger.get_trial_balance,
        summary="Every kind of account with the sum of its balances",
        answer=ledger.BalanceList,
        is_for_operators=True,
    ),
    Route(
        method="GET",
        path="/ledger/owners/{owner}/balances",
        handler=ledger.list_owner_balances,
        summary="The balances of a card account, plan or provider",
        answer=ledger.BalanceList,
        is_for_operators=True,
    ),
    Route(
        method="GET",
        path="/ledger/books/{book}/entries",
        handler=ledger.list_ledger_entries,
        summary="The entries of a card account's book, from the one after a number",
        answer=ledger.LedgerEntryList,
        query=("after", "limit"),
        is_for_operators=True,
    ),
    Route(
        method="GET",
        path="/ledger/check",
        handler=ledger.check_ledger,
        summary="Prove every record of the database; takes minutes on a big ledger",
        answer=ledger.CheckAnswer,
        is_for_operators=True,
    ),
)

ROUTES = (
    *_SESSION_ROUTES,
    *_CATALOGUE_ROUTES,
    *_list_entry_routes(),
    *_CLIENT_ROUTES,
    *MERCHANT_CALLER_ROUTES,
    *PAYMENTS_CALLER_ROUTES,
    *EVIDENCE_ROUTES,
    *MERCHANT_ORDER_ROUTES,
    *_RECORD_ROUTES,
    *COLLECTION_ROUTES,
    *AUTHORIZATION_ROUTES,
    *DELIVERY_ROUTES,
    *_LEDGER_ROUTES,
    *SERVICING_ROUTES,
    *POST_PURCHASE_ROUTES,
)
