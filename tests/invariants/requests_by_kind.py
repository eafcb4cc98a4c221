"""Requests that a tool which only reads may not send, by what is wrong with them, and those that it may."""

from __future__ import annotations

import json
from typing import Any

from mcp_kubernetes.kube.connection import Request

POD = "/api/v1/namespaces/default/pods/p"
CRD_GROUP = "liars.example.com"
FORGED = f"/apis/{CRD_GROUP}/v1/namespaces/default/forgedreviews"
LOGIN = "/apis/authentication.k8s.io/v1"
RIGHTS = "/apis/authorization.k8s.io/v1"
CONFIG_MAP = json.dumps({"metadata": {"name": "planted"}}).encode()
UPGRADE = (("Connection", "Upgrade"), ("Upgrade", "websocket"))
SPDY = (("Connection", "Upgrade"), ("Upgrade", "SPDY/3.1"))


def request(method: str, path: str, **more: Any) -> Request:
    return Request(method=method, path=path, **more)


WRITES = {
    "create": request("POST", "/api/v1/namespaces/default/configmaps", body=CONFIG_MAP),
    "create, dry run": request(
        "POST", "/api/v1/namespaces/default/configmaps", query=(("dryRun", "All"),), body=CONFIG_MAP
    ),
    "update": request("PUT", "/api/v1/namespaces/default/configmaps/planted", body=CONFIG_MAP),
    "patch": request(
        "PATCH",
        "/api/v1/namespaces/default/configmaps/planted",
        headers=(("Content-Type", "application/merge-patch+json"),),
        body=b"{}",
    ),
    "apply": request(
        "PATCH",
        "/api/v1/namespaces/default/configmaps/planted",
        query=(("fieldManager", "liar"),),
        headers=(("Content-Type", "application/apply-patch+yaml"),),
        body=CONFIG_MAP,
    ),
    "delete": request("DELETE", "/api/v1/namespaces/default/configmaps/planted"),
    "delete a collection": request("DELETE", "/api/v1/namespaces/default/configmaps"),
    "delete a namespace": request("DELETE", "/api/v1/namespaces/planted"),
    "write status": request("PUT", f"{POD}/status", body=b"{}"),
    "scale": request("PATCH", "/apis/apps/v1/namespaces/default/deployments/d/scale", body=b"{}"),
    "evict": request("POST", f"{POD}/eviction", body=b"{}"),
    "bind": request("POST", f"{POD}/binding", body=b"{}"),
    "bind by collection": request("POST", "/api/v1/namespaces/default/bindings", body=b"{}"),
    "finalize": request("PUT", "/api/v1/namespaces/planted/finalize", body=b"{}"),
    "approve a certificate": request(
        "PUT", "/apis/certificates.k8s.io/v1/certificatesigningrequests/c/approval", body=b"{}"
    ),
    "a custom resource that is called reviews": request("POST", FORGED, body=b"{}"),
    "somebody else's rights": request("POST", f"{RIGHTS}/subjectaccessreviews", body=b"{}"),
    "somebody else's rights in a namespace": request(
        "POST", f"{RIGHTS}/namespaces/default/localsubjectaccessreviews", body=b"{}"
    ),
    "token review": request("POST", f"{LOGIN}/tokenreviews", body=b"{}"),
    "self review of another group": request("POST", f"/apis/{CRD_GROUP}/v1/selfsubjectaccessreviews", body=b"{}"),
    "self review with a name": request("POST", f"{RIGHTS}/selfsubjectaccessreviews/x", body=b"{}"),
    "self review in a namespace": request("POST", f"{RIGHTS}/namespaces/default/selfsubjectaccessreviews", body=b"{}"),
    "self review with a subresource": request("POST", f"{RIGHTS}/selfsubjectaccessreviews/x/status", body=b"{}"),
    "self review by PUT": request("PUT", f"{RIGHTS}/selfsubjectaccessreviews", body=b"{}"),
    "post to the version": request("POST", "/version", body=b"{}"),
    "post to a group": request("POST", "/apis/apps/v1", body=b"{}"),
}
CONNECTS = {
    "exec": request("POST", f"{POD}/exec", query=(("command", "id"),)),
    "exec by GET": request("GET", f"{POD}/exec", query=(("command", "id"),)),
    "exec by GET that upgrades": request(
        "GET", f"{POD}/exec", query=(("command", "id"),), upgrade=("v5.channel.k8s.io",)
    ),
    "exec by GET with upgrade headers": request("GET", f"{POD}/exec", headers=UPGRADE),
    "exec over SPDY": request("POST", f"{POD}/exec", headers=SPDY),
    "attach": request("GET", f"{POD}/attach"),
    "attach that upgrades": request("GET", f"{POD}/attach", upgrade=("v5.channel.k8s.io",)),
    "port-forward": request("POST", f"{POD}/portforward"),
    "port-forward by GET": request("GET", f"{POD}/portforward", headers=UPGRADE),
    "ephemeral container": request("PATCH", f"{POD}/ephemeralcontainers", body=b"{}"),
    "ephemeral containers by GET": request("GET", f"{POD}/ephemeralcontainers"),
    "pod proxy": request("GET", f"{POD}/proxy"),
    "pod proxy with a rest": request("GET", f"{POD}/proxy/admin/users"),
    "pod proxy with a port": request("GET", "/api/v1/namespaces/default/pods/https:p:8443/proxy/"),
    "service proxy": request("GET", "/api/v1/namespaces/default/services/s:80/proxy/x"),
    "node proxy": request("GET", "/api/v1/nodes/n1/proxy/pods"),
    "node proxy that looks like status": request("GET", "/api/v1/nodes/n1/proxy/status"),
    "node proxy that looks like a log": request("GET", "/api/v1/nodes/n1/proxy/log"),
    "node proxy that looks like a pod's log": request("GET", "/api/v1/nodes/n1/proxy/pods/p/log"),
    "node proxy that runs": request("POST", "/api/v1/nodes/n1/proxy/run/default/p/c", query=(("cmd", "id"),)),
    "node proxy by HEAD": request("HEAD", "/api/v1/nodes/n1/proxy/metrics"),
    "token request": request("POST", "/api/v1/namespaces/default/serviceaccounts/default/token", body=b"{}"),
    "token by GET": request("GET", "/api/v1/namespaces/default/serviceaccounts/default/token"),
    "unknown subresource": request("GET", "/apis/subresources.kubevirt.io/v1/namespaces/d/virtualmachines/v/vnc"),
    "subresource of a custom resource": request("GET", f"{FORGED}/x/console"),
    "log of something that is no pod": request("GET", "/api/v1/namespaces/default/services/s/log"),
    "log of a pod of another group": request("GET", f"/apis/{CRD_GROUP}/v1/namespaces/default/pods/p/log"),
    "a list that upgrades": request("GET", "/api/v1/pods", upgrade=("base64.binary.k8s.io",)),
    "a log that upgrades": request("GET", f"{POD}/log", headers=UPGRADE),
    "an upgrade in other letters": request("GET", "/api/v1/pods", headers=(("uPGRADE", "websocket"),)),
}
SERVER = {
    path: request("GET", path)
    for path in (
        "/metrics",
        "/logs",
        "/logs/kube-apiserver.log",
        "/debug/pprof",
        "/debug/pprof/profile",
        "/healthz",
        "/configz",
        "/flagz",
        "/statusz",
        "/openapi/v2",
        "/swagger.json",
        "/versions",
        "/version/x",
        "/livezz",
        "/.well-known/openid-configuration",
        "/openid/v1/jwks",
    )
}
UNPARSABLE = {
    path or "(empty)": request("GET", path)
    for path in (
        "",
        "/",
        "api/v1/pods",
        "//api/v1/pods",
        "/api//v1/pods",
        "/api/v1//pods",
        "/api/v1/pods/",
        "/api/v1/",
        "/apis/",
        "/version/",
        "/livez/",
        "/livez/../metrics",
        "/readyz/../api/v1/nodes/n1/proxy/run",
        "/openapi/v3/../../metrics",
        "/openapi/v3/..%2fmetrics",
        "/healthz/../api",
        "/api/v1/watch/pods",
        "/api/v1/watch/namespaces/default/secrets",
        "/api/v1/proxy/nodes/n1/run",
        "/api/v1/proxy/namespaces/default/pods/p",
        "/apis/apps/v1/watch/deployments",
        "/api/v1/namespaces/default/pods/..",
        "/api/v1/namespaces/default/pods/../secrets",
        "/api/v1/namespaces/../nodes/n1/proxy",
        "/api/v1/namespaces/./pods",
        "/api/v1/namespaces/default/pods/%2e%2e/secrets",
        "/api/v1/nodes/n1%2fproxy",
        "/api/v1/nodes%2fn1%2fproxy",
        "/api/v1/namespaces/default/pods/p%00",
        "/api/v1/namespaces/default/pods?watch=1",
        "/api/v1/namespaces/default/pods/p#fragment",
        "/api/v1/namespaces/default/pods/p;x",
        "/api/v1/namespaces/default/pods/p\\..\\x",
        "/api/v1/namespaces/default/pods/p x",
        "/api/v1/namespaces/default/pods/p\n",
        "/api/v1/namespaces/default/pods/p\r\nHost: evil",
        "/api/v1/namespaces/default/pods/p\x00",
        "/api/v1/namespaces/default/pods/\uff50",
        "/api/v1/namespaces/default/pods/\u2024\u2024",
        "/api/v1/namespaces/default/Secrets",
        "/api/v1/namespaces/default/pods/p/log/x",
        "/api/v1/namespaces/default/pods/p/status/x",
        f"/api/v1/namespaces/default/pods/{'x' * 300}",
        "https://evil.example.com/api/v1/pods",
    )
}
METHODS = {
    repr(method): request(method, "/api/v1/namespaces/default/configmaps/planted")
    for method in ("get", "Get", "POST ", " GET", "GET\r\nX: y", "post", "OPTIONS", "TRACE", "CONNECT", "", "GETT")
}
HEADERS = {
    name: request("GET", "/api/v1/namespaces", headers=((name, value),))
    for name, value in (
        ("X-HTTP-Method-Override", "DELETE"),
        ("X-Method-Override", "DELETE"),
        ("Authorization", "Bearer planted"),
        ("authorization", "Bearer planted"),
        ("Impersonate-User", "planted"),
        ("impersonate-group", "system:masters"),
        ("Impersonate-Extra-scopes", "x"),
        ("X-Remote-User", "planted"),
        ("X-Remote-Group", "system:masters"),
        ("Cookie", "a=b"),
        ("Host", "evil.example.com"),
        ("User-Agent", "planted"),
        ("Transfer-Encoding", "chunked"),
        ("Content-Length", "0"),
        ("Proxy-Authorization", "Basic planted"),
        ("Accept ", "application/json"),
        ("Accept\r\nImpersonate-User", "planted"),
    )
}
FORBIDDEN = WRITES | CONNECTS | SERVER | UNPARSABLE | METHODS | HEADERS
REVIEW = json.dumps({"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}}).encode()
JSON = (("Content-Type", "application/json"),)
ALLOWED = {
    "list": request("GET", "/api/v1/namespaces"),
    "list in a namespace": request("GET", "/api/v1/namespaces/default/pods"),
    "get": request("GET", "/api/v1/namespaces/default"),
    "get by HEAD": request("HEAD", "/api/v1/namespaces/default"),
    "namespace status": request("GET", "/api/v1/namespaces/default/status"),
    "status": request("GET", "/apis/apps/v1/namespaces/default/deployments/none/status"),
    "scale": request("GET", "/apis/apps/v1/namespaces/default/deployments/none/scale"),
    "log": request("GET", "/api/v1/namespaces/default/pods/none/log"),
    "custom resources": request("GET", FORGED),
    "a pod of the name exec": request("GET", "/api/v1/namespaces/default/pods/exec"),
    "a service account of the name token": request("GET", "/api/v1/namespaces/default/serviceaccounts/token"),
    "watch": request("GET", "/api/v1/namespaces", query=(("watch", "1"), ("timeoutSeconds", "1"))),
    "version": request("GET", "/version"),
    "livez": request("GET", "/livez"),
    "readyz": request("GET", "/readyz"),
    "one check of readyz": request("GET", "/readyz/ping"),
    "verbose readyz": request("GET", "/readyz", query=(("verbose", ""),)),
    "openapi": request("GET", "/openapi/v3"),
    "openapi of a group": request("GET", "/openapi/v3/apis/apps/v1"),
    "api": request("GET", "/api"),
    "api version": request("GET", "/api/v1"),
    "apis": request("GET", "/apis"),
    "group": request("GET", "/apis/apps"),
    "group version": request("GET", "/apis/apps/v1"),
    "own rights": request("POST", f"{RIGHTS}/selfsubjectaccessreviews", headers=JSON, body=REVIEW),
    "own rules": request(
        "POST", f"{RIGHTS}/selfsubjectrulesreviews", headers=JSON, body=b'{"spec":{"namespace":"default"}}'
    ),
    "who am I": request("POST", f"{LOGIN}/selfsubjectreviews", headers=JSON, body=b"{}"),
}
