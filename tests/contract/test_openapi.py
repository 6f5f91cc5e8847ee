"""openapi.yaml is sound in itself and says what the tables in the code say."""
import pathlib
import re
import sys

import jsonschema
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.contract import ROOT, Contract  # noqa: E402

CONTRACT = Contract()
DOC = CONTRACT.document
METHODS = ("get", "put", "post", "delete", "patch")
OPERATIONS = [(path, method, item[method]) for path, item in DOC["paths"].items()
              for method in METHODS if method in item]
NAMES = [f"{method} {path}" for path, method, _ in OPERATIONS]
# Routes that need no token: a closed list.
PUBLIC = {
    "answer_domain_confirmation", "get_domain_confirmation_page",
    "follow_redirect", "oidc_callback", "saml_callback", "report_sms",
    "create_session", "create_oauth2_token", "get_health", "get_readiness", "get_metrics", "get_openapi_yaml",
    "get_openapi_json", "get_problem_page", "get_ca_certificate", "get_ca_chain", "get_saml_metadata",
}
PROBLEM = re.compile(r'^RS_PROBLEM\((\w+), (\d+), "([a-z0-9-]+)", "([^"]+)"\)$', re.M)


def faults_of(instance, schema):
    """What is wrong with an instance, as sentences."""
    validator = jsonschema.Draft202012Validator(schema, resolver=CONTRACT.resolver)
    return [f"/{'/'.join(map(str, fault.absolute_path))}: {fault.message}" for fault in validator.iter_errors(instance)]


def walk(node, where="#"):
    yield where, node
    if isinstance(node, dict):
        for key, value in node.items():
            yield from walk(value, f"{where}/{str(key).replace('~', '~0').replace('/', '~1')}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from walk(value, f"{where}/{index}")


def contract_nodes():
    """Every node but those inside examples."""
    for where, node in walk(DOC):
        if not re.search(r"/(examples?|value|default|const|enum)(/|$)", where.replace("/properties/value", "/properties/_")):
            yield where, node


def media_types():
    for path, method, operation in OPERATIONS:
        body = CONTRACT.resolve(operation.get("requestBody", {}))
        for kind, media in body.get("content", {}).items():
            yield f"{method} {path} body {kind}", media
        for status, response in operation["responses"].items():
            for kind, media in CONTRACT.resolve(response).get("content", {}).items():
                yield f"{method} {path} {status} {kind}", media


def test_every_reference_resolves_and_every_component_is_used():
    used = set()
    for where, node in walk(DOC):
        if isinstance(node, dict) and isinstance(node.get("$ref"), str):
            assert CONTRACT.resolve({"$ref": node["$ref"]}) is not None, where
            used.add(node["$ref"])
    for group, members in DOC["components"].items():
        if group == "securitySchemes":
            continue
        for name in members:
            assert f"#/components/{group}/{name}" in used, f"{group}/{name} is never used"


def test_every_schema_is_a_json_schema():
    for name, schema in DOC["components"]["schemas"].items():
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as error:
            pytest.fail(f"{name}: {error.message}")


def test_operation_ids_are_unique_and_read_verb_noun():
    ids = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", name) for name in ids)


def test_only_gateways_have_their_secret_in_the_address():
    """No parameter of a path or query is a credential, but for gateways, which know nothing but the URL they were given."""
    credential = re.compile(r"token|secret|password|passphrase|credential|api_?key", re.I)
    found = {(path, parameter["name"]) for path, item in DOC["paths"].items()
             for part in [item, *(item[method] for method in METHODS if method in item)]
             for parameter in map(CONTRACT.resolve, part.get("parameters", []))
             if parameter["in"] in ("path", "query") and credential.search(parameter["name"])}
    assert found == {("/v1/callbacks/sms/{connector_id}/{secret}", "secret")}


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=NAMES)
def test_operation_says_who_may_call_it(path, method, operation):
    scopes = DOC["components"]["schemas"]["Scope"]["enum"]
    roles = DOC["components"]["schemas"]["Role"]["enum"]
    assert operation["x-scope"] is None or operation["x-scope"] in scopes
    assert set(operation["x-roles"]) <= set(roles)
    assert operation.get("x-reach") in (None, "platform")
    assert (operation["operationId"] in PUBLIC) == ("security" in operation)
    if "security" not in operation:
        assert operation["x-roles"], "a route for tokens names the roles that may call it"
        assert {"400", "401", "403", "429", "500", "503", "504"} <= set(operation["responses"])
    if method == "post" and path not in ("/oauth2/token", "/v1/callbacks/saml/{connector_id}",
                                                  "/v1/callbacks/sms/{connector_id}/{secret}"):
        assert {"$ref": "#/components/parameters/IdempotencyKey"} in operation["parameters"]
    declared = {CONTRACT.resolve(p)["name"] for p in DOC["paths"][path].get("parameters", [])
                if CONTRACT.resolve(p)["in"] == "path"}
    assert declared == set(re.findall(r"\{(\w+)\}", path))


def test_requests_and_answers_are_closed_objects():
    open_ones = {
        "#/components/schemas/AuditMembers/anyOf/0",  # whatever members changed
        "#/components/schemas/OpenApiDocument",       # this document itself
    }
    for where, node in contract_nodes():
        if isinstance(node, dict) and node.get("type") == "object" and "properties" in node:
            assert where in open_ones or node.get("additionalProperties", True) is not True, where


def test_everything_has_a_limit():
    for where, node in contract_nodes():
        if not isinstance(node, dict):
            continue
        kind = node.get("type")
        if kind == "string":
            assert {"maxLength", "enum", "const"} & set(node), f"{where} has no limit"
            assert {"pattern", "format", "enum", "const"} & set(node), f"{where} has no form"
        elif kind == "array":
            assert "maxItems" in node, f"{where} has no limit"
        elif kind == "integer":
            assert ("enum" in node) or {"minimum", "maximum"} <= set(node), f"{where} has no range"


def test_every_media_type_of_json_has_an_example():
    for where, media in media_types():
        if "json" in where.split()[-1] and where.split()[-1] != "application/problem+json":
            assert media.get("examples") or "openapi.json" in where, where


def test_examples_are_what_their_schemas_say():
    faults, seen = [], 0
    for where, media in media_types():
        for name, example in media.get("examples", {}).items():
            seen += 1
            value = CONTRACT.resolve(example)["value"]
            faults += [f"{where} {name}: {fault}" for fault in faults_of(value, media["schema"])]
    for where, node in contract_nodes():
        if isinstance(node, dict) and "example" in node and "schema" in node:
            seen += 1
            faults += [f"{where}: {fault}" for fault in faults_of(node["example"], node["schema"])]
        if isinstance(node, dict) and "default" in node:
            faults += [f"{where}: {fault}" for fault in faults_of(node["default"], node)]
    assert not faults, "\n".join(faults)
    assert seen > 100


def test_problem_codes_are_those_of_the_table():
    text = (ROOT / "include/rs/problems.def").read_text(encoding="utf-8")
    rows = PROBLEM.findall(text)
    assert len(rows) == text.count("\nRS_PROBLEM("), "a row has another form"
    slugs = [slug for _, _, slug, _ in rows]
    assert len(slugs) == len(set(slugs))
    assert DOC["components"]["schemas"]["ProblemCode"]["enum"] == slugs


def test_problem_examples_have_the_status_and_title_of_their_code():
    text = (ROOT / "include/rs/problems.def").read_text(encoding="utf-8")
    rows = {slug: (int(status), title) for _, status, slug, title in PROBLEM.findall(text)}
    problems = [e["value"] for name, e in DOC["components"]["examples"].items() if name.startswith("Problem")]
    assert len(problems) >= 15
    for problem in problems:
        assert (problem["status"], problem["title"]) == rows[problem["code"]]
