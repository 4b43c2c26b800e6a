"""Makes one CycloneDX document of what the functions ship, from those that cargo-cyclonedx has left beside
each crate: `python3 .ci/sbom.py TARGET OUTPUT`, in the root of the repository.

cargo-cyclonedx lists what some crate of the workspace could have compiled in, by the features of all of
them together. What is compiled into the functions, cargo alone knows: the rest is left out.
"""

import json
import pathlib
import subprocess
import sys

target, output = sys.argv[1:]
root = pathlib.Path.cwd()

# The default members of the workspace are the functions. Procedural macros run in the compiler.
tree = ["cargo", "tree", "--locked", "--edges", "normal,no-proc-macro", "--target", target]
tree += ["--prefix", "none", "--format", "{p}"]
lines = subprocess.run(tree, check=True, capture_output=True, text=True).stdout.splitlines()
compiled = {(name, version.lstrip("v")) for name, version, *_ in map(str.split, filter(None, lines))}

left = sorted(root.glob("functions/*/*.cdx.json"))
made = [json.loads(path.read_text()) for path in left]
if not made:
    sys.exit("cargo-cyclonedx has left nothing beside the functions")
for path in [*left, *root.glob("*/*.cdx.json"), *root.glob("examples/*/*.cdx.json")]:
    path.unlink(missing_ok=True)


def is_compiled(component):
    return (component["name"], component["version"]) in compiled


functions = [document["metadata"]["component"] for document in made]
for function in functions:
    # Its own library and binary, which are no dependencies.
    function.pop("components", None)
components = [*functions, *(part for document in made for part in document["components"])]
components = {part["bom-ref"]: part for part in components if is_compiled(part)}
missing = compiled - {(part["name"], part["version"]) for part in components.values()}
if missing:
    sys.exit(f"cargo-cyclonedx does not know of {sorted(missing)}")

needs = {}
for entry in (entry for document in made for entry in document["dependencies"]):
    if entry["ref"] in components:
        known = needs.setdefault(entry["ref"], set())
        known.update(ref for ref in entry.get("dependsOn", []) if ref in components)

version = functions[0]["version"]
gatehouse = {"type": "application", "bom-ref": "gatehouse", "name": "gatehouse", "version": version}
document = {
    "bomFormat": "CycloneDX",
    "specVersion": made[0]["specVersion"],
    "serialNumber": made[0]["serialNumber"],
    "version": 1,
    "metadata": {**made[0]["metadata"], "component": gatehouse},
    "components": [components[ref] for ref in sorted(components)],
    "dependencies": [
        {"ref": "gatehouse", "dependsOn": sorted(part["bom-ref"] for part in functions)},
        *({"ref": ref, "dependsOn": sorted(needs[ref])} for ref in sorted(needs)),
    ],
}
text = json.dumps(document, indent=2).replace(f"path+file://{root}/", "path+")
pathlib.Path(output).write_text(text + "\n")
libraries = len(components) - len(functions)
print(f"{output}: {len(functions)} functions, {libraries} libraries")
