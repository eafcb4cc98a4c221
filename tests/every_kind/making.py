"""Makes objects of every kind that an API server lets one create and list, each holding a text wherever it may."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.every_kind.planting import Planted, Planter
from tests.every_kind.strings import Leaf, Schemas, Steps

if TYPE_CHECKING:
    from tests.cluster import Cluster

NAMESPACE = "planted"
Send = Callable[[str, str, object], tuple[int, Any]]

_LEAST = Path(__file__).with_name("least.yaml")
_STATUS_FOR_EACH_TEXT = 2


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind as discovery tells of it."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    has_status: bool

    @property
    def full_name(self) -> str:
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def root(self) -> str:
        return f"apis/{self.api_version}" if self.group else f"api/{self.version}"

    @property
    def path(self) -> str:
        return f"/{self.root}/" + (f"namespaces/{NAMESPACE}/" if self.namespaced else "") + self.plural


@dataclass(frozen=True, kw_only=True)
class Made:
    """The objects of a kind, and what is planted in each."""

    kind: Kind
    names: tuple[str, ...]
    planted: tuple[tuple[Leaf, ...], ...]


def kinds(send: Send) -> Iterator[Kind]:
    """Every kind of the server of which objects can be made and listed, in the version that it prefers."""
    groups = [each["preferredVersion"]["groupVersion"] for each in send("GET", "/apis", None)[1]["groups"]]
    for group_version in ("v1", *groups):
        group, _, version = group_version.rpartition("/")
        found = send("GET", f"/apis/{group_version}" if group else f"/api/{version}", None)[1]["resources"]
        patched = {each["name"] for each in found if "patch" in each["verbs"]}
        for each in found:
            if "/" not in each["name"] and {"create", "list"} <= {*each["verbs"]}:
                yield Kind(
                    group=group,
                    version=version,
                    kind=each["kind"],
                    plural=each["name"],
                    namespaced=each["namespaced"],
                    has_status=f"{each['name']}/status" in patched,
                )


class Maker:
    """Makes the objects of one server. `texts` are tried in turn, each where the one before was refused."""

    def __init__(self, cluster: Cluster, send: Send, texts: tuple[str, ...], key: str) -> None:
        self._send = send
        self._texts = texts
        self._key = key
        self._schemas: dict[str, Schemas] = {}
        self._in_vain: set[tuple[str, Steps]] = set()
        self._least = _least(cluster.ca.read_text())

    def make(self, kind: Kind) -> Made:
        """Objects of one kind; none if even the least of them is refused."""
        leaves = self._schema(kind).leaves(kind.group, kind.version, kind.kind)
        objects = self._objects(kind, [leaf for leaf in leaves if leaf.steps[0] != "status"])
        names = tuple(self._create(kind, each, number) for number, each in enumerate(objects, 1))
        planted = [each.leaves for each in objects]
        if kind.has_status and names:
            self._plant_status(kind, names, planted, [leaf for leaf in leaves if leaf.steps[0] == "status"])
        return Made(kind=kind, names=names, planted=tuple(planted))

    def _objects(self, kind: Kind, wanted: list[Leaf]) -> list[Planted]:
        """What is refused in one template of pods is not tried again in the templates of other kinds."""
        objects: list[Planted] = []
        for text in self._texts:
            tried = [leaf for leaf in wanted if (text, leaf.template) not in self._in_vain]
            more, left = self._planter(kind, text).plant(tried)
            self._in_vain |= {(text, leaf.template) for leaf in left if leaf.template}
            taken = {leaf for each in more for leaf in each.leaves}
            wanted = [leaf for leaf in wanted if leaf not in taken]
            objects += more
        return objects

    def _create(self, kind: Kind, planted: Planted, number: int) -> str:
        status, made = self._send("POST", kind.path, self._numbered(kind, planted.fields, number))
        assert status == HTTPStatus.CREATED, (kind, made)
        return str(made["metadata"]["name"])

    def _plant_status(
        self, kind: Kind, names: tuple[str, ...], planted: list[tuple[Leaf, ...]], wanted: list[Leaf]
    ) -> None:
        """The status of each object in turn takes what those before it did not."""
        texts = [text for text in self._texts for _ in range(_STATUS_FOR_EACH_TEXT)]
        for at, (name, text) in enumerate(zip(names, texts, strict=False)):
            path = f"{kind.path}/{name}/status"
            planter = Planter(least={}, attempt=self._patching(f"{path}?dryRun=All"), text=text, key=self._key)
            taken, left = planter.grow(wanted)
            if taken and self._patching(path)(planter.fields(taken)) is None:
                planted[at], wanted = (*planted[at], *taken), left

    def _patching(self, path: str) -> Callable[[dict[str, Any]], Any]:
        def attempt(fields: dict[str, Any]) -> Any:
            status, answer = self._send("PATCH", path, fields)
            return answer if status >= HTTPStatus.MULTIPLE_CHOICES else None

        return attempt

    def _planter(self, kind: Kind, text: str) -> Planter:
        def attempt(fields: dict[str, Any]) -> Any:
            status, answer = self._send("POST", f"{kind.path}?dryRun=All", self._numbered(kind, fields, 99))
            return answer if status >= HTTPStatus.MULTIPLE_CHOICES else None

        least = {key: value for key, value in self._least.get(kind.full_name, {}).items() if key != "name"}
        return Planter(least=least, attempt=attempt, text=text, key=self._key)

    def _numbered(self, kind: Kind, fields: dict[str, Any], number: int) -> dict[str, Any]:
        name = self._least.get(kind.full_name, {}).get("name", "planted-{n}")
        metadata = {**fields.get("metadata", {}), "name": name}
        whole = {**fields, "apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata}
        numbered: dict[str, Any] = json.loads(json.dumps(whole).replace("{n}", str(number)))
        return numbered

    def _schema(self, kind: Kind) -> Schemas:
        if kind.root not in self._schemas:
            self._schemas[kind.root] = Schemas(self._send("GET", f"/openapi/v3/{kind.root}", None)[1])
        return self._schemas[kind.root]


def _least(authority: str) -> dict[str, Any]:
    """The least of each kind. `authority` is a certificate, for a bundle of them."""
    known = {
        "namespace": NAMESPACE,
        "request": _request(serialization.Encoding.PEM),
        "request in DER": _request(serialization.Encoding.DER),
        "bundle": json.dumps(authority)[1:-1],
    }
    text = json.dumps(yaml.safe_load(_LEAST.read_text()))
    for name, value in known.items():
        text = text.replace(f"{{{name}}}", value)
    least: dict[str, Any] = json.loads(text)
    return least


def _request(encoding: serialization.Encoding) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a")])
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return base64.b64encode(made.public_bytes(encoding)).decode()
