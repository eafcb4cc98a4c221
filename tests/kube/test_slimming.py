"""Noise is dropped where a profile says so, and nothing else of an object changes: not even how a number is written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mcp_kubernetes.kinds import MOST_RELATIONS, KindProfile, Noise, Relation
from mcp_kubernetes.kube.catalogue.resources import Resource
from mcp_kubernetes.kube.reads.slimming import Profiles

PODS = Resource(group="", version="v1", plural="pods", kind="Pod", singular="pod", namespaced=True)
NODES = Resource(group="", version="v1", plural="nodes", kind="Node", singular="node", namespaced=False)


def slim(found: Any, *noise: Noise, resource: Resource = PODS) -> tuple[Any, bool]:
    raw, lacks_fields = Profiles([KindProfile(group="", resource="pods", noise=noise)]).slim(
        resource, json.dumps(found).encode()
    )
    return json.loads(raw), lacks_fields


def test_what_no_reader_needs_is_dropped_from_every_kind_and_what_diagnosis_needs_stays() -> None:
    kept = {
        "name": "a",
        "generation": 2,
        "creationTimestamp": "t",
        "deletionTimestamp": "t",
        "finalizers": ["f"],
        "ownerReferences": [{"uid": "u"}],
    }
    noise = {"uid": "u", "resourceVersion": "7", "selfLink": "/", "managedFields": [{}]}
    applied = {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}}
    assert slim({"metadata": kept | noise | applied}, resource=NODES) == ({"metadata": kept}, False)


def test_other_annotations_stay() -> None:
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": "{}", "note": "x"}
    assert slim({"metadata": {"annotations": annotations}})[0] == {"metadata": {"annotations": {"note": "x"}}}


@pytest.mark.parametrize(
    ("noise", "dropped", "stays"),
    [
        (Noise(path=".a"), {"a": 1}, {"b": 1}),
        (Noise(path=".a", like=1), {"a": 1}, {"a": 2}),
        (Noise(path=".a", like=1), {"a": 1}, {"a": True}),
        (Noise(path=".a", like=None), {"a": None}, {"a": 0}),
        (Noise(path=".a", like={}), {"a": {}}, {"a": {"b": 1}}),
        (Noise(path=".a", like={"b": 1}), {"a": {"b": 1, "c": 2}}, {"a": {"b": 2, "c": 2}}),
        (Noise(path=".a", like=[{"b": 1}]), {"a": [{"b": 1, "c": 2}]}, {"a": [{"b": 1}, {"b": 1}]}),
        (Noise(path=".a", like=[]), {"a": []}, {"a": [1]}),
        (Noise(path=".a[*]", like="x"), {"a": ["x", "x"]}, {"a": ["y"]}),
        (Noise(path=".a[*].b"), {"a": [{"b": 1}, {"b": 2}]}, {"a": [{"c": 1}, 5]}),
        (Noise(path=".a['b.c/d']"), {"a": {"b.c/d": 1}}, {"a": {"b": 1}}),
        (Noise(path=".a.b"), {"a": {"b": 1}}, {"a": "b"}),
    ],
)
def test_a_value_is_dropped_where_it_is_like_the_noise_and_stays_where_it_is_not(
    noise: Noise, dropped: Any, stays: Any
) -> None:
    assert slim(dropped, noise) == ({}, True)
    assert slim(stays, noise) == (stays, False)


def test_only_the_items_that_are_noise_leave_a_list() -> None:
    assert slim({"a": ["x", "y", "x"]}, Noise(path=".a[*]", like="x")) == ({"a": ["y"]}, True)


def test_an_empty_value_that_was_empty_before_stays() -> None:
    assert slim({"a": {"b": {}, "c": []}}, Noise(path=".a.d")) == ({"a": {"b": {}, "c": []}}, False)


def test_numbers_stay_as_they_are_written() -> None:
    raw = b'{"a":1,"b":12345678901234567890123,"c":1.10,"d":"\\u00e9"}'
    profiles = Profiles([KindProfile(group="", resource="pods", noise=[Noise(path=".a")])])
    assert profiles.slim(PODS, raw)[0] == raw.replace(b'"a":1,', b"")


def test_a_kind_without_a_profile_has_an_empty_one() -> None:
    profile = Profiles([]).of(NODES)
    assert (profile.name, profile.noise, profile.related) == ("nodes", (), ())


@pytest.mark.parametrize("path", ["", "..a", ".a[0]", ".a[?(@.b)]", "[*].a", ".a[", ".*"])
def test_the_path_of_noise_has_keys_and_all_items_alone(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        Noise(path=path)


def test_a_profile_with_too_many_relations_is_none() -> None:
    relation = Relation(title="Pods", kind="v1/Pod")
    with pytest.raises(ValueError, match="more than"):
        KindProfile(group="", resource="pods", related=[relation] * (MOST_RELATIONS + 1))
