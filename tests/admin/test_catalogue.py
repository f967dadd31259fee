"""Changing the catalogue over HTTP: proposals, four eyes, versions."""

import pytest
import yaml
from tests.support.admin_world import PROVIDER_ID, AdminWorld

OFFER_ID = "71392362"
ENTRY = {
    "offer_id": OFFER_ID,
    "provider_id": PROVIDER_ID,
    "currency": "USD",
    "terms": {"count": 6, "interval": "biweekly", "first_due": "transaction_date"},
    "rules": {
        "minimum": "50",
        "maximum": "5000",
        "countries": {"allow": ["USA"]},
        "mccs": {"deny": ["7995"]},
    },
    "begin": "2020-01-01T00:00:00Z",
    "end": "2099-12-31T23:59:59Z",
}
CHANGED = {**ENTRY, "disclosure": "New words"}


def refuse(code: str, message: str, member: str | None = None) -> dict[str, object]:
    detail = {"code": code, "message": message}
    return {"error": detail if member is None else {**detail, "member": member}}


def test_a_change_is_proposed_approved_and_in_force(admin: AdminWorld) -> None:
    path = f"/programs/{OFFER_ID}"
    before = admin.call("maker", "GET", path)
    assert before.json == {"kind": "program", "key": OFFER_ID, "version": 1, "entry": ENTRY}
    proposed = admin.call("maker", "PUT", f"{path}?summary=Better+words", CHANGED)
    change_set = proposed.json
    change_set_id, proposed_at = change_set["change_set_id"], change_set["proposed_at"]
    change = {"kind": "program", "key": OFFER_ID, "action": "put", "base_version": 1, "entry": CHANGED}
    expected = {
        "change_set_id": change_set_id,
        "status": "proposed",
        "summary": "Better words",
        "changes": [change],
        "proposed_by": "maker@sandbox.example",
        "proposed_at": proposed_at,
        "decided_by": None,
        "decided_at": None,
        "reason": None,
    }
    assert (proposed.status, change_set) == (202, expected)
    assert admin.call("checker", "GET", f"/changes/{change_set_id}").json == expected
    assert admin.call("maker", "GET", path).raw == before.raw
    approved = admin.call("checker", "POST", f"/changes/{change_set_id}/approval")
    decided_at = approved.json["decided_at"]
    decision = {"status": "approved", "decided_by": "checker@sandbox.example", "decided_at": decided_at}
    assert (approved.status, approved.json) == (200, {**expected, **decision})
    in_force = {"kind": "program", "key": OFFER_ID, "version": 2, "entry": CHANGED}
    assert admin.call("maker", "GET", path).json == in_force
    versions = admin.call("maker", "GET", f"{path}/versions").json["items"]
    assert [(v["version"], v["is_current"], v["entry"]) for v in versions] == [
        (2, True, CHANGED),
        (1, False, ENTRY),
    ]


def test_nobody_approves_what_they_proposed(admin: AdminWorld) -> None:
    proposed = admin.call("operator", "PUT", f"/programs/{OFFER_ID}", CHANGED).json
    path = f"/changes/{proposed['change_set_id']}"
    own = admin.call("operator", "POST", f"{path}/approval")
    message = "The person who proposed a change may not decide on it."
    assert (own.status, own.json) == (403, refuse("four_eyes_required", message))
    maker = admin.call("maker", "POST", f"{path}/approval")
    message = "Only the issuer's checker or an operator may decide on changes."
    assert (maker.status, maker.json) == (403, refuse("not_allowed", message))
    foreign = admin.call("other checker", "POST", f"{path}/approval")
    message = f"There is no change set '{proposed['change_set_id']}'."
    assert (foreign.status, foreign.json) == (404, refuse("not_found", message))
    assert admin.call("operator", "GET", path).json == proposed
    assert admin.call("checker", "POST", f"{path}/approval").status == 200
    again = admin.call("second operator", "POST", f"{path}/approval")
    assert (again.status, again.json) == (409, refuse("conflict", "The change set is approved already."))


def test_a_rejection_gives_its_reason(admin: AdminWorld) -> None:
    proposed = admin.call("maker", "PUT", f"/programs/{OFFER_ID}", CHANGED).json
    path = f"/changes/{proposed['change_set_id']}"
    empty = admin.call("checker", "POST", f"{path}/rejection", {"reason": ""})
    message = "reason: expected 1 to 500 characters"
    assert (empty.status, empty.json) == (400, refuse("invalid_input", message, "reason"))
    rejected = admin.call("checker", "POST", f"{path}/rejection", {"reason": "Too many words"}).json
    assert (rejected["status"], rejected["reason"]) == ("rejected", "Too many words")
    assert admin.call("maker", "GET", f"/programs/{OFFER_ID}").json["version"] == 1


def test_a_removal_stays_visible_to_its_issuer_after_it_is_in_force(admin: AdminWorld) -> None:
    removal = admin.call("maker", "DELETE", "/offer-groups/reference-samples")
    assert removal.status == 202
    path = f"/changes/{removal.json['change_set_id']}"
    assert admin.call("checker", "POST", f"{path}/approval").status == 200
    assert admin.call("maker", "GET", "/offer-groups/reference-samples").status == 404
    assert admin.call("maker", "GET", path).json["status"] == "approved"
    assert admin.call("other maker", "GET", path).status == 404


def test_several_changes_stand_or_fall_together(admin: AdminWorld) -> None:
    body = {
        "summary": "Out with the samples",
        "catalogue": {"parcela_catalogue": 1, "programs": [CHANGED]},
        "removed": [{"kind": "program", "key": "21345693"}],
    }
    # The group still names the removed program, so nothing of the proposal is kept.
    refused = admin.call("maker", "POST", "/changes", body)
    member = "offer_group reference-samples.offer_ids"
    message = f"{member}: expected an existing program, got '21345693'"
    assert (refused.status, refused.json) == (400, refuse("invalid_input", message, member))
    body["removed"] = [{"kind": "offer_group", "key": "reference-samples"}, *body["removed"]]
    proposed = admin.call("maker", "POST", "/changes", body)
    assert proposed.status == 201
    assert [(c["action"], c["kind"], c["key"]) for c in proposed.json["changes"]] == [
        ("put", "program", OFFER_ID),
        ("remove", "offer_group", "reference-samples"),
        ("remove", "program", "21345693"),
    ]


def test_a_comparison_names_the_members_that_would_differ(shared_admin: AdminWorld) -> None:
    document = {"parcela_catalogue": 1, "programs": [CHANGED]}
    same = shared_admin.call("maker", "POST", "/catalogue/diff", {**document, "programs": [ENTRY]})
    assert (same.status, same.json) == (200, {"changes": []})
    reply = shared_admin.call("maker", "POST", "/catalogue/diff", document)
    member = {"member": "disclosure", "before": None, "after": "New words"}
    change = {"kind": "program", "key": OFFER_ID, "action": "put", "base_version": 1, "members": [member]}
    assert reply.json == {"changes": [change]}
    pruned = shared_admin.call("maker", "POST", "/catalogue/diff?prune=true", document).json["changes"]
    # Token ranges are not the issuer's, so its people do not prune them.
    assert sorted({found["kind"] for found in pruned}) == [
        "account_range",
        "issuer",
        "offer_group",
        "program",
    ]


def test_the_catalogue_is_given_as_json_or_yaml(shared_admin: AdminWorld) -> None:
    as_json = shared_admin.call("maker", "GET", "/catalogue")
    as_yaml = shared_admin.call("maker", "GET", "/catalogue", accept="application/yaml")
    assert as_yaml.headers["content-type"] == "application/yaml"
    assert yaml.safe_load(as_yaml.raw) == as_json.json
    assert shared_admin.call("maker", "POST", "/catalogue/diff?prune=true", as_json.json).json == {
        "changes": []
    }


@pytest.mark.parametrize(
    ("path", "body", "member", "message"),
    [
        (
            f"/programs/{OFFER_ID}",
            {**ENTRY, "terms": {**ENTRY["terms"], "count": "six"}},
            "program.terms.count",
            "program.terms.count: expected `int`, got `str`",
        ),
        (
            f"/programs/{OFFER_ID}",
            {**ENTRY, "terms": {**ENTRY["terms"], "count": 0}},
            "program",
            "program: expected at least one installment, got 0",
        ),
        (
            f"/programs/{OFFER_ID}",
            {**ENTRY, "offer_id": "99999999"},
            "program.offer_id",
            f"program.offer_id: expected '{OFFER_ID}', as in the address, got '99999999'",
        ),
        (
            f"/programs/{OFFER_ID}",
            {**ENTRY, "rules": {"minimum": "NaN"}},
            f"program {OFFER_ID}.rules.minimum",
            f"program {OFFER_ID}.rules.minimum: expected an amount from 0 to 1000000000000000, got 'NaN'",
        ),
        (
            "/account-ranges/2303770000000000001",
            {"high": "2303770000000000002", "provider_id": PROVIDER_ID, "country": "USA"},
            "account_range 2303770000000000001.low",
            "account_range 2303770000000000001.low: expected a number above 2303770000099999999, the end of "
            "the account_range 2303770000000000000",
        ),
        (
            "/offer-groups/sandbox/pan-lists/282000000000000001",
            None,
            "offer_group sandbox.pan_list_ids",
            "offer_group sandbox.pan_list_ids: expected ids of PAN lists of the group's issuer, "
            "got '282000000000000001'",
        ),
    ],
)
def test_a_wrong_entry_is_refused_with_its_member(
    shared_admin: AdminWorld, path: str, body: object, member: str, message: str
) -> None:
    before = shared_admin.call("maker", "GET", "/changes").raw
    reply = shared_admin.call("maker", "POST" if body is None else "PUT", path, body)
    assert (reply.status, reply.json) == (400, refuse("invalid_input", message, member))
    assert shared_admin.call("maker", "GET", "/changes").raw == before


def test_an_entry_that_is_in_force_already_is_a_conflict(shared_admin: AdminWorld) -> None:
    reply = shared_admin.call("maker", "PUT", f"/programs/{OFFER_ID}", ENTRY)
    message = "Nothing would change: the catalogue holds these entries already."
    assert (reply.status, reply.json) == (409, refuse("conflict", message))


def test_unlinking_a_list_that_is_not_linked_is_not_found(shared_admin: AdminWorld) -> None:
    path = "/offer-groups/sandbox/pan-lists/282000000000000001"
    reply = shared_admin.call("maker", "DELETE", path)
    message = "There is no linked PAN list '282000000000000001'."
    assert (reply.status, reply.json) == (404, refuse("not_found", message))
