"""openapi.yaml as Python sees it: loaded once, references resolved, answers validated against it."""
import pathlib
import re

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
METHODS = ("get", "put", "post", "delete", "patch")


def load(path=ROOT / "openapi.yaml"):
    """The document, and in it strings where YAML 1.1 would see dates."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


class Contract:
    def __init__(self, document=None):
        self.document = document or load()
        self._resolver = jsonschema.RefResolver("", self.document)
        self._paths = []
        for path, item in self.document["paths"].items():
            pattern = re.sub(r"\\\{[a-z_0-9]+\\\}", "[^/]+", re.escape(path))
            self._paths.append((path.count("{"), re.compile(pattern + r"\Z"), path, item))
        self._paths.sort(key=lambda row: row[0])  # /import before /{id}

    def deref(self, node):
        while isinstance(node, dict) and set(node) == {"$ref"}:
            node = self._resolver.resolve(node["$ref"])[1]
        return node

    def operations(self):
        """(path, method, operation) of every operation, in the document's order."""
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    yield path, method, item[method]

    def operation(self, method, path):
        """The operation that a concrete path belongs to, or None."""
        for _, pattern, _, item in self._paths:
            if pattern.match(path) and method.lower() in item:
                return item[method.lower()]
        return None

    def faults(self, instance, schema):
        """What is wrong with an instance, as sentences."""
        validator = jsonschema.Draft202012Validator(schema, resolver=self._resolver)
        return [f"/{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in validator.iter_errors(instance)]

    def answer_faults(self, method, path, status, content_type, body):
        """
        What is wrong with an answer: its status, its media type, its JSON. Statuses that belong to
        every path (405) or that the HTTP library makes (414) need not be listed by an operation.
        """
        operation = self.operation("get" if method == "HEAD" else method, path)
        if status in (404, 405) and (operation is None or str(status) not in operation["responses"]):
            schema = {"$ref": "#/components/schemas/Problem"}
            return self.faults(body, schema) if body is not None else []
        if operation is None:
            return [f"{method} {path} is not in openapi.yaml"]
        response = self.deref(operation["responses"].get(str(status)))
        if response is None:
            return [f"{method} {path}: status {status} is not in openapi.yaml"]
        content = response.get("content")
        if not content or method == "HEAD":
            return []
        media = content.get((content_type or "").split(";")[0].strip().lower())
        if media is None:
            return [f"{method} {path} {status}: content type {content_type!r}, expected one of {sorted(content)}"]
        if "json" not in content_type:
            return []
        return self.faults(body, media["schema"])
