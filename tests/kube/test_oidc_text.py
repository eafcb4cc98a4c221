from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_kubernetes.kube.credentials.oidc_text import NotPossible, with_values
from mcp_kubernetes.kube.kubeconfig.plain_yaml import plain_yaml

NEW = {"id-token": "new.id-token_", "refresh-token": 'new "refresh" token: #'}

BLOCK = """\
# é: a comment with id-token: OLD-ID
users:
- name: other
  user: {auth-provider: {name: oidc, config: {id-token: OLD-ID, refresh-token: OLD-REFRESH}}}
- name: me
  user:
    auth-provider:
      name: oidc
      config:
        id-token: OLD-ID   # the old one
        refresh-token: "OLD-REFRESH"
        # the end
        client-id: OLD-ID
"""
FLOW = '{"users": [{"name": "me", "user": {"auth-provider": {"config": {"refresh-token": "OLD", "id-token": "OLD"}}}}]}'


def after(text: str, values: dict[str, str] = NEW) -> str:
    return with_values(text.encode(), "me", values).decode()


def test_the_values_of_this_user_are_replaced_and_every_other_character_stays() -> None:
    head, middle, tail = BLOCK.partition("- name: me")
    expected = tail.replace("id-token: OLD-ID", 'id-token: "new.id-token_"')
    expected = expected.replace('"OLD-REFRESH"', '"new \\"refresh\\" token: #"')
    assert after(BLOCK) == head + middle + expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n", "\r\n"),
        ("id-token: OLD-ID   # the old one", "id-token:"),
        ("id-token: OLD-ID   # the old one", "id-token: ''  # none yet"),
        ("id-token: OLD-ID   # the old one", "id-token: null"),
        ("id-token: OLD-ID   # the old one", "'id-token' :   &a OLD-ID"),
        ("        id-token: OLD-ID   # the old one\n", ""),
        ("        id-token: OLD-ID   # the old one\n", "        <<: {id-token: OLD}\n"),
        ("# the end", "id-token: the last of two counts"),
        ("- name: me", "- name: nobody\n- name: me"),
        ("        client-id: OLD-ID\n", "        client-id: OLD-ID\n- name: me\n  user: {token: x}\n"),
    ],
)
def test_what_comes_out_means_the_same_but_for_the_new_values(old: str, new: str) -> None:
    text = BLOCK.replace(old, new)
    wanted = plain_yaml(text.encode())
    user = next(each for each in wanted["users"] if each["name"] == "me")
    user["user"]["auth-provider"]["config"].update(NEW)
    changed = after(text)
    assert plain_yaml(changed.encode()) == wanted
    assert "# é: a comment with id-token: OLD-ID" in changed


def test_json_stays_json() -> None:
    assert after(FLOW.replace(', "id-token": "OLD"', ""), {"id-token": "a", "refresh-token": "b"}) == (
        FLOW.replace('"refresh-token": "OLD", "id-token": "OLD"', '"id-token": "a", "refresh-token": "b"')
    )


def test_users_who_share_their_tokens_by_an_anchor_get_the_new_ones_together() -> None:
    shared = "- name: twin\n  user: *u\n"
    changed = after(BLOCK.replace("- name: me\n  user:", "- name: me\n  user: &u") + shared)
    users = {each["name"]: each["user"] for each in plain_yaml(changed.encode())["users"]}
    assert users["twin"] == users["me"]
    assert users["twin"]["auth-provider"]["config"]["id-token"] == NEW["id-token"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "users: []",
        "users: [1, {name: me}]",
        "users: {name: me}",
        "users:\n- name: me\n  user: {auth-provider: {config: x}}",
        "users:\n- name: me\n  user: {auth-provider: {config: {}}}",
        BLOCK.replace("name: me", "name: you"),
        BLOCK.replace("id-token: OLD-ID   # the old one", "id-token: |\n          OLD-ID"),
        BLOCK.replace("- name: me", "- {name: me, user: *nobody}\n- name: me"),
        BLOCK.replace("- name: other", "- name: &a other").replace("- name: me", "- name: &a me"),
        BLOCK.replace("    auth-provider:", "    <<:\n     auth-provider:"),
        BLOCK + "---\nusers: []\n",
        "\ufeff" + BLOCK,
    ],
)
def test_what_cannot_be_changed_safely_is_not_changed(text: str) -> None:
    with pytest.raises(NotPossible) as caught:
        after(text)
    assert "OLD" not in str(caught.value)


def test_a_text_that_is_no_utf_8_is_not_changed() -> None:
    with pytest.raises(NotPossible):
        with_values(BLOCK.encode("utf-16"), "me", NEW)


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=30)
ascii_texts = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30)
leaves = st.none() | st.booleans() | texts
others = st.dictionaries(texts.filter(lambda key: key != "<<"), leaves | st.lists(leaves, max_size=3), max_size=4)


@settings(derandomize=True, deadline=None)
@given(
    config=others,
    before=others,
    beside=others,
    flow=st.sampled_from([None, False, True]),
    style=st.sampled_from([None, '"', "'"]),
    width=st.sampled_from([20, 80, 10_000]),
    id_token=ascii_texts,
    refresh_token=ascii_texts,
)
def test_whatever_the_file_looks_like_the_result_means_what_it_was_to_mean(
    config: dict[str, Any],
    before: dict[str, Any],
    beside: dict[str, Any],
    flow: bool | None,
    style: str | None,
    width: int,
    id_token: str,
    refresh_token: str,
) -> None:
    user = {**beside, "auth-provider": {"name": "oidc", "config": {"refresh-token": "old", **config}}}
    document = {**before, "users": [{"name": "other", "user": copy.deepcopy(user)}, {"name": "me", "user": user}]}
    dumped = yaml.safe_dump(document, default_flow_style=flow, default_style=style, width=width, allow_unicode=True)
    wanted = plain_yaml(dumped.encode())
    wanted["users"][1]["user"]["auth-provider"]["config"].update({"id-token": id_token, "refresh-token": refresh_token})
    try:
        changed = after(dumped, {"id-token": id_token, "refresh-token": refresh_token})
    except NotPossible:
        assert "? " in dumped, "only where keys are marked as such"
    else:
        assert plain_yaml(changed.encode()) == wanted
