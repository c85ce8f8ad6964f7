"""One list of dependencies, three views of it: pyproject.toml, constraints.txt, environment.yml."""

import ast
import json
import re
import subprocess
import sys
import sysconfig
import tomllib
from importlib.metadata import distributions, packages_distributions

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import rnncourse


def declared(root):
    """Return the requirements of pyproject.toml, the extras' among them, by canonical name."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    requirements = [Requirement(text) for group in groups for text in group]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def pins(lines):
    """Return name -> version of the lines that read name==version."""
    found = [re.fullmatch(r"([\w.-]+)==(\S+)", line.strip()) for line in lines]
    return {canonicalize_name(match[1]): match[2] for match in found if match}


def test_environment_yml_names_what_pyproject_names_at_the_constrained_versions(root):
    constrained = pins((root / "constraints.txt").read_text().splitlines())
    environment = yaml.safe_load((root / "environment.yml").read_text())
    through_pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    in_conda = pins(through_pip)
    assert in_conda.keys() == declared(root).keys()
    assert in_conda == {name: constrained[name] for name in in_conda}


def test_conda_and_pyproject_ask_for_the_same_python(root):
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    environment = yaml.safe_load((root / "environment.yml").read_text())
    assert f"python{project['requires-python']}" in environment["dependencies"]


def test_the_citation_names_this_version(root):
    assert yaml.safe_load((root / "CITATION.cff").read_text())["version"] == rnncourse.__version__


def test_every_constraint_satisfies_pyproject(root):
    constrained = pins((root / "constraints.txt").read_text().splitlines())
    unmet = [str(need) for name, need in declared(root).items() if constrained[name] not in need.specifier]
    assert unmet == []


def test_everything_installed_is_pinned_at_its_version(root):
    """The environment holds nothing that constraints.txt does not pin, transitive packages included."""
    constrained = pins((root / "constraints.txt").read_text().splitlines())
    here = distributions(path=[sysconfig.get_path("purelib")])
    installed = {canonicalize_name(d.metadata["Name"]): d.version.split("+")[0] for d in here}
    for ours_or_pythons in ("rnncourse", "pip", "setuptools", "wheel"):
        installed.pop(ours_or_pythons, None)
    assert {name: version for name, version in installed.items() if constrained.get(name) != version} == {}


def test_every_package_that_we_import_is_declared(root):
    """What another package happens to bring along today may be gone tomorrow."""
    brought_by = packages_distributions()
    needs = declared(root)
    undeclared = set()
    for top in ("rnncourse", "tests", "book/_extensions", "solutions"):
        for path in (root / top).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.level == 0:
                    names.append(node.module or "")
                for name in {name.split(".")[0] for name in names} & brought_by.keys():
                    bringers = {canonicalize_name(bringer) for bringer in brought_by[name]}
                    if not bringers & {*needs, "rnncourse"}:
                        undeclared.add(name)
    assert undeclared == set()


def test_npm_packages_are_pinned_and_locked_without_an_address(root):
    package = json.loads((root / "package.json").read_text())
    lock = json.loads((root / "package-lock.json").read_text())
    for name, version in {**package["dependencies"], **package["devDependencies"]}.items():
        assert lock["packages"][f"node_modules/{name}"]["version"] == version
    assert "resolved" not in (root / "package-lock.json").read_text()


def test_importing_the_numpy_side_loads_neither_torch_nor_matplotlib_nor_nbgrader():
    code = (
        "import sys, rnncourse, rnncourse.reference, rnncourse.reference.rnn, rnncourse.checks\n"
        "heavy = 'torch', 'matplotlib', 'nbgrader', 'nbformat', 'IPython'\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
