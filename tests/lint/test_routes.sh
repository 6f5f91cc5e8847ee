#!/bin/sh
# The route table and openapi.yaml name the same paths, methods and query parameters, both ways.
"$2/reissued" routes --json >"$2/routes.json" || exit 1
python3 - "$1/openapi.yaml" "$2/routes.json" <<'PY'
import json, sys
import yaml

document = yaml.load(open(sys.argv[1]), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
METHODS = {"get", "post", "put", "patch", "delete"}


def parameter(p):
    if "$ref" in p:
        return document["components"]["parameters"][p["$ref"].rsplit("/", 1)[1]]
    return p


def described():
    routes = {}
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            given = item.get("parameters", []) + item[method].get("parameters", [])
            query = sorted(p["name"] for p in map(parameter, given) if p["in"] == "query")
            schemes = item[method].get("security", document.get("security"))
            public = not any("bearer" in name.lower() for one in schemes for name in one)
            routes[method, path] = (query, public)
    return routes


def served():
    table = json.load(open(sys.argv[2]))
    return {(r["method"], r["path"]): (sorted(r["query"]), r["public"]) for r in table}


want, have = described(), served()
faults = [f"described, not served: {m} {p}" for m, p in sorted(want.keys() - have.keys())]
faults += [f"served, not described: {m} {p}" for m, p in sorted(have.keys() - want.keys())]
for key in sorted(want.keys() & have.keys()):
    for what, a, b in zip(("query parameters", "public"), want[key], have[key]):
        if a != b:
            faults.append(f"{key[0]} {key[1]}: {what}: described {a}, served {b}")
print("\n".join(faults))
sys.exit(1 if faults else 0)
PY
