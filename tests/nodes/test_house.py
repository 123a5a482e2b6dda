"""Rules of the house that need no ComfyUI to check."""

import ast
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCHEMAS = json.loads((ROOT / "tests" / "host" / "fixtures" / "schemas.json").read_text("utf-8"))
NODE_FILES = sorted((ROOT / "nodes").rglob("*.py"))
WORKFLOWS = sorted((ROOT / "example_workflows").glob("*.json"))
HOST = {"comfy", "comfy_extras", "folder_paths", "latent_preview", "nodes", "server", "execution"}


@pytest.mark.parametrize("path", NODE_FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_only_the_bridge_imports_comfyui(path: Path) -> None:
    names = _absolute_imports(path)
    if path.parent.name != "bridge":
        assert not names & HOST
    assert ("comfy_api" in names) == (path.name == "types.py"), "the node API is imported, and so pinned, in one place"
    assert "humandiffusion" not in names, "the folder may be renamed: relative imports only"


def test_the_root_only_hands_over() -> None:
    tree = ast.parse((ROOT / "__init__.py").read_text("ascii"))
    assert [type(node).__name__ for node in tree.body] == ["Expr", "Assign", "AsyncFunctionDef"]


def test_every_node_has_a_help_page_that_names_its_inputs_and_outputs() -> None:
    for node, schema in SCHEMAS.items():
        page = (ROOT / "web" / "docs" / f"{node}.md").read_text("utf-8")
        inputs = [entry[0] for entries in schema["inputs"].values() for entry in entries]
        missing = [name for name in [*inputs, *(name for _, name in schema["outputs"])] if f"`{name}`" not in page]
        assert not missing, f"{node}.md does not explain {missing}"
    pages = {path.stem for path in (ROOT / "web" / "docs").glob("*.md")}
    assert pages == set(SCHEMAS)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_an_example_workflow_fits_the_schemas(path: Path) -> None:
    workflow = json.loads(path.read_text("utf-8"))
    nodes = {node["id"]: node for node in workflow["nodes"]}
    for _, source, output, target, socket, kind in workflow["links"]:
        assert nodes[source]["outputs"][output]["type"] == kind == nodes[target]["inputs"][socket]["type"]
    for node in (node for node in nodes.values() if node["type"] in SCHEMAS):
        widgets = [value for value in node["widgets_values"] if value not in ("fixed", "randomize", "image")]
        schema = [entry for entries in SCHEMAS[node["type"]]["inputs"].values() for entry in entries]
        expected = [entry for entry in schema if entry[1] in ("COMBO", "INT", "FLOAT", "STRING", "BOOLEAN")]
        # Inputs are only appended: a workflow from before takes the defaults of those that it does not know.
        assert len(widgets) <= len(expected), node["type"]
        for value, (name, kind, choices, limits) in zip(widgets, expected, strict=False):
            assert choices is None or value in choices, (name, value)
            assert kind not in ("INT", "FLOAT") or limits["min"] <= value <= limits["max"], (name, value)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_an_example_workflow_says_the_same_as_its_tested_twin(path: Path) -> None:
    twin = json.loads((ROOT / "tests" / "host" / "fixtures" / f"{path.stem}.api.json").read_text("utf-8"))
    workflow = json.loads(path.read_text("utf-8"))
    shown = {str(node["id"]): node["type"] for node in workflow["nodes"] if "Note" not in node["type"]}
    assert shown == {key: node["class_type"] for key, node in twin.items()}
    links = {(str(source), output, str(target)) for _, source, output, target, _, _ in workflow["links"]}
    wired = {
        (value[0], value[1], key)
        for key, node in twin.items()
        for value in node["inputs"].values()
        if isinstance(value, list)
    }
    assert links == wired
    for node in (node for node in workflow["nodes"] if str(node["id"]) in twin):
        said = [value for value in twin[str(node["id"])]["inputs"].values() if not isinstance(value, list)]
        assert not [value for value in said if value not in node["widgets_values"]], node["type"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_an_example_workflow_has_a_thumbnail_and_says_what_to_do(path: Path) -> None:
    assert path.with_suffix(".jpg").stat().st_size <= 100_000
    notes = [node for node in json.loads(path.read_text("utf-8"))["nodes"] if "Note" in node["type"]]
    assert any(node["title"] == "Read me" for node in notes)


def _absolute_imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text("ascii"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(str(node.module).split(".")[0])
    return names
