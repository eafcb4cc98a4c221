"""What the model reads when the real API server refuses: one plain sentence, what to do next. The server goes on.

Through the real tools, as far as there are any for it. What no API server does is in test_played_failures.
"""

from __future__ import annotations

import base64
import json
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from mcp_kubernetes import errors
from mcp_kubernetes.kube.connection import Request
from mcp_kubernetes.kube.wire.pool import Pool
from tests.cluster import own
from tests.cluster.api import Api, RequestFailed
from tests.invariants.probes import wait_until_allowed
from tests.kube.authorities import Authority
from tests.kube.scripted import Keys, exchange
from tests.kube.sentences import JWT, SECONDS, Asker, bearing
from tests.kube.test_network import administrator, real

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from pytest_mcp_kubernetes.apps import Apps
    from tests.cluster import Cluster

LOOKS = 200
TOO_MANY = 429
PODS = {"resourceType": "pods", "namespace": "default"}


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    made = Pool(qps=0, burst=1)
    yield made
    await made.aclose()


@pytest.fixture
def asker(app: Apps, caplog: pytest.LogCaptureFixture) -> Asker:
    return Asker(app, caplog)


@pytest.mark.parametrize(
    ("tool", "arguments", "said", "then"),
    [
        (
            "k8s_list_resources",
            {**PODS, "labelSelector": "!!"},
            "The API server answered 400: unable to parse requirement",
            "Correct what the API server names",
        ),
        (
            "k8s_get_resource",
            {"resourceType": "configmap", "namespace": "default", "name": "no-such"},
            'The API server answered 404: configmaps "no-such" not found.',
            "Check name and namespace; list the kind to see what is there.",
        ),
        (
            "k8s_list_resources",
            {"resourceType": "tokenreviews"},
            "The API server answered 405: the server does not allow this method on the requested resource.",
            "This kind cannot be used that way",
        ),
        (
            "k8s_list_resources",
            {"resourceType": "deploymnets"},
            "The cluster has no such resource type.",
            "Did you mean deployments.apps",
        ),
    ],
)
async def test_a_real_api_server_refuses(
    asker: Asker, cluster: Cluster, tool: str, arguments: dict[str, Any], said: str, then: str
) -> None:
    sentence = await asker.refusal(cluster.kubeconfig, tool, **arguments)
    assert sentence.startswith(said)
    assert then in sentence


async def test_who_may_not_do_what_and_where_is_said(asker: Asker, cluster: Cluster) -> None:
    sentence = await asker.refusal(cluster.user("sentences-nobody"), resourceType="pods", namespace="kube-system")
    assert sentence.startswith(
        'The API server answered 403: pods is forbidden: User "sentences-nobody" cannot list resource "pods" in API '
        'group "" in the namespace "kube-system".'
    )
    assert sentence.endswith(errors.Forbidden.hint)


@pytest.fixture(scope="module")
def strict(cluster: Cluster) -> Iterator[Cluster]:
    """An API server that knows no anonymous users, and has patience with a request that does not end."""
    with own(cluster, extra_args=["--anonymous-auth=false", "--request-timeout=10m"]) as made:
        yield made


async def test_a_token_that_is_refused_is_told_to_be_replaced(asker: Asker, cluster: Cluster, tmp_path: Path) -> None:
    sentence = await asker.refusal(bearing(tmp_path, cluster.server, ca=cluster.ca))
    assert sentence == (
        "The API server answered 401: Unauthorized. Its token is not valid there, or no longer: sign in to the cluster "
        "again, or put a new token in its place."
    )


async def test_a_certificate_of_another_authority_is_told_to_be_replaced(
    asker: Asker, strict: Cluster, tmp_path: Path
) -> None:
    certificate, key = (base64.b64encode(part).decode() for part in Authority(tmp_path).issue())
    user = {"client-certificate-data": certificate, "client-key-data": key}
    sentence = await asker.refusal(bearing(tmp_path, strict.server, ca=strict.ca, user=user))
    assert sentence.startswith("The API server answered 401: Unauthorized. Its client certificate is not valid there")


async def test_a_context_without_a_user_is_told_to_have_one(asker: Asker, strict: Cluster, tmp_path: Path) -> None:
    sentence = await asker.refusal(bearing(tmp_path, strict.server, ca=strict.ca, user={}))
    assert (
        sentence == "The API server answered 401: Unauthorized. This context names no user: add one that may sign in."
    )


async def test_load_that_is_shed_names_fairness_and_the_seconds_to_wait(asker: Asker, strict: Cluster) -> None:
    strict.kubectl("apply", "-f", "-", stdin=json.dumps(JAIL))
    crowd = strict.user("crowd")
    with taking_the_only_seat(crowd):
        sentence = await asker.refusal(crowd)
    assert SECONDS.sub("wait N s", sentence) == (
        "The API server answered 429: too many requests. Its API Priority and Fairness sheds load: wait N s, then ask "
        "for less if possible."
    )


async def test_only_kinds_that_this_user_may_list_there_are_offered(
    asker: Asker, cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    name = f"lists-{namespace}"
    cluster.kubectl("create", "role", "lister", "--verb=list", "--resource=configmaps", "-n", namespace)
    cluster.kubectl("create", "rolebinding", "lister", "--role=lister", f"--user={name}", "-n", namespace)
    wait_until_allowed(cluster, name, "list", "configmaps", namespace)
    user = at_home_in(namespace, cluster.user(name), tmp_path)
    at_home = await asker.refusal(user, resourceType="configmapz")
    there = await asker.refusal(user, resourceType="configmapz", namespace=namespace)
    elsewhere = await asker.refusal(user, resourceType="configmapz", namespace="default")
    everywhere = await asker.refusal(user, resourceType="configmapz", allNamespaces=True)
    other = await asker.refusal(user, resourceType="secretz", namespace=namespace)
    assert {at_home, there} == {"The cluster has no such resource type. Did you mean configmaps?"}
    nothing = "The cluster has no such resource type. Name a kind, plural or short name that the cluster serves."
    assert {elsewhere, everywhere, other} == {nothing}


def at_home_in(namespace: str, kubeconfig: Path, folder: Path) -> Path:
    """The same user, whose context names a namespace."""
    content = yaml.safe_load(kubeconfig.read_text("utf-8"))
    content["contexts"][0]["context"]["namespace"] = namespace
    path = folder / "kubeconfig"
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(content), "utf-8")
    return path


@dataclass(frozen=True)
class Sent:
    """A request that only a tool that writes would send, and what the real API server makes of it."""

    method: str
    path: str
    body: str
    error: type[errors.APIError]
    said: str
    form: str = "application/json"


CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
REFUSED = {
    "malformed": Sent("POST", CONFIG_MAPS, "{", errors.BadRequest, "The API server answered 400: "),
    "there already": Sent(
        "POST",
        "/api/v1/namespaces",
        '{"metadata": {"name": "default"}}',
        errors.Conflict,
        'The API server answered 409: namespaces "default" already exists. Read the object again',
    ),
    "not deletable in one go": Sent(
        "DELETE", "/api/v1/namespaces", "", errors.MethodNotAllowed, "The API server answered 405: the server does not"
    ),
    "of another form": Sent(
        "POST", CONFIG_MAPS, "x", errors.UnsupportedMediaType, "The API server answered 415: ", form="text/plain"
    ),
    "invalid": Sent(
        "POST",
        CONFIG_MAPS,
        json.dumps({"metadata": {"name": "Not_A_Name", "labels": {"a": f"{JWT}!"}}}),
        errors.Invalid,
        "The API server finds ConfigMap Not_A_Name invalid: metadata.name (FieldValueInvalid), metadata.labels "
        "(FieldValueInvalid). Correct these fields and send it again.",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_a_real_api_server_refuses_what_would_change_something(cluster: Cluster, pool: Pool, what: str) -> None:
    sent = REFUSED[what]
    headers = (("Content-Type", sent.form), ("Accept", "application/json"))
    request = Request(method=sent.method, path=sent.path, headers=headers, body=sent.body.encode())
    with pytest.raises(errors.APIError) as caught:
        await exchange(real(cluster), provider=Keys(administrator(cluster)), pool=pool).send(request)
    assert type(caught.value) is sent.error
    assert str(caught.value).startswith(sent.said)
    assert caught.value.hint
    assert JWT not in str(caught.value)


async def test_an_address_without_tls_of_a_server_with_tls(asker: Asker, cluster: Cluster, tmp_path: Path) -> None:
    sentence = await asker.refusal(bearing(tmp_path, cluster.server.replace("https", "http")))
    assert sentence.startswith("The server speaks https, but its address in the configuration begins with http. ")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://nowhere.invalid", "The API server of test cannot be reached: its host name cannot be resolved. "),
        ("https://127.0.0.1:1", "The API server of test cannot be reached: connection refused. "),
    ],
)
async def test_a_server_that_is_not_there(asker: Asker, tmp_path: Path, address: str, said: str) -> None:
    assert (await asker.refusal(bearing(tmp_path, address))).startswith(said)


JAIL = {
    "apiVersion": "v1",
    "kind": "List",
    "items": [
        {
            "apiVersion": "flowcontrol.apiserver.k8s.io/v1",
            "kind": "PriorityLevelConfiguration",
            "metadata": {"name": "nobody"},
            "spec": {
                "type": "Limited",
                "limited": {
                    "nominalConcurrencyShares": 0,
                    "borrowingLimitPercent": 0,  # else a second seat is borrowed from others after ten seconds
                    "limitResponse": {"type": "Reject"},
                },
            },
        },
        {
            "apiVersion": "flowcontrol.apiserver.k8s.io/v1",
            "kind": "FlowSchema",
            "metadata": {"name": "nobody"},
            "spec": {
                "priorityLevelConfiguration": {"name": "nobody"},
                "matchingPrecedence": 2,
                "rules": [
                    {
                        "subjects": [{"kind": "User", "user": {"name": "crowd"}}],
                        "resourceRules": [
                            {
                                "verbs": ["*"],
                                "apiGroups": ["*"],
                                "resources": ["*"],
                                "namespaces": ["*"],
                                "clusterScope": True,
                            }
                        ],
                        "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
                    }
                ],
            },
        },
    ],
}
"""A priority level for one user, who may do one thing at a time, and does not queue."""


@contextmanager
def taking_the_only_seat(kubeconfig: Path) -> Iterator[None]:
    """A request whose body does not come: it lasts, and everything else of this user is too much."""
    api = Api(kubeconfig)
    for _ in range(LOOKS):
        with closing(api._connection()) as connection:
            connection.putrequest("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
            connection.putheader("Content-Type", "application/json")
            connection.putheader("Content-Length", "100")
            connection.endheaders()
            if is_crowded(api):
                yield
                return
    raise AssertionError("The API server lets everything of this user through.")


def is_crowded(api: Api) -> bool:
    try:
        api.get("/version")
    except RequestFailed as error:
        return error.code == TOO_MANY
    return False
