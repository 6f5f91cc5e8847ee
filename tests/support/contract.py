"""openapi.yaml as a judge: every answer of the suite is held against it."""
import functools
import pathlib
import re
import urllib.parse

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]


class ContractBroken(AssertionError):
    """The service answered something that openapi.yaml does not promise."""


class Contract:
    def __init__(self, path=ROOT / "openapi.yaml"):
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self.document = yaml.load(pathlib.Path(path).read_text(encoding="utf-8"), Loader=loader)
        self.resolver = jsonschema.RefResolver("", self.document)
        self.routes = []
        for template, item in self.document["paths"].items():
            pattern = "^" + re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(template)) + "$"
            self.routes.append((template.count("{"), template, re.compile(pattern), item))
        self.routes.sort(key=lambda route: route[0])  # /current before /{id}

    def resolve(self, node):
        while isinstance(node, dict) and "$ref" in node:
            node = self.resolver.resolve(node["$ref"])[1]
        return node

    def match(self, url):
        path = urllib.parse.urlsplit(url).path
        for _, template, pattern, item in self.routes:
            if pattern.match(path):
                return template, item
        return None, None

    @functools.lru_cache(maxsize=None)
    def validator(self, pointer):
        schema = self.resolver.resolve(pointer)[1] if isinstance(pointer, str) else pointer
        return jsonschema.Draft202012Validator(schema, resolver=self.resolver)

    def schema_of(self, content, media):
        for name, body in content.items():
            if name == media or name == "*/*":
                return body.get("schema")
        return None

    def check(self, method, url, status, headers, body):
        """Raises ContractBroken when the answer is not one that the contract lists."""
        template, item = self.match(url)
        if item is None:
            if status not in (400, 404, 405, 401, 414):
                raise ContractBroken(f"{method} {url}: no such path in openapi.yaml, yet {status}")
            return
        operation = self.resolve(item).get(method.lower())
        if operation is None:
            if method not in ("HEAD", "OPTIONS") and status not in (400, 401, 405):
                raise ContractBroken(f"{method} {template}: not in openapi.yaml, yet {status}")
            return
        answer = operation["responses"].get(str(status)) or operation["responses"].get("default")
        if answer is None:
            raise ContractBroken(f"{operation.get('operationId')}: {status} is not documented")
        content = self.resolve(answer).get("content", {})
        media = headers.get("Content-Type", "").split(";")[0].strip().lower()
        if body is None:
            return
        schema = self.schema_of(content, media)
        if schema is None:
            if content and media not in content:
                raise ContractBroken(f"{operation.get('operationId')} {status}: {media} is not documented")
            return
        if not media.endswith("json"):
            return
        key = schema["$ref"] if set(schema) == {"$ref"} else None
        validator = self.validator(key) if key else jsonschema.Draft202012Validator(
            schema, resolver=self.resolver)
        faults = sorted(validator.iter_errors(body), key=lambda fault: list(map(str, fault.absolute_path)))
        if faults:
            told = "\n".join(f"  /{'/'.join(map(str, f.absolute_path))}: {f.message[:300]}" for f in faults[:8])
            raise ContractBroken(f"{operation.get('operationId')} {status} breaks openapi.yaml:\n{told}")
