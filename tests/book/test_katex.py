"""The maths renderer: what it renders, what it refuses, and that it leaves no process behind."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from katex import FormulaError, Katex
from sphinx.errors import ExtensionError

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "node_modules" / "katex"


@pytest.fixture
def katex(tmp_path: Path) -> Iterator[Katex]:
    if not PACKAGE.is_dir():
        pytest.fail("KaTeX is missing: run `make course` first", pytrace=False)
    renderer = Katex(PACKAGE, tmp_path / "cache.json")
    yield renderer
    renderer.close()


def test_a_formula_is_html_for_eyes_and_mathml_for_ears(katex: Katex) -> None:
    html = katex.render(r"h_t = \tanh(a_t)", display=False)
    assert '<span class="katex-html" aria-hidden="true">' in html
    assert "<math" in html
    assert "katex-display" not in html
    assert "katex-display" in katex.render("h_t", display=True)


@pytest.mark.parametrize("tex", [r"\frac{1}{", r"\nosuchcommand", "a & b", r"\text{ü} ü"])
def test_a_formula_that_does_not_parse_is_refused_and_the_next_one_works(katex: Katex, tex: str) -> None:
    with pytest.raises(FormulaError, match=r"KaTeX|LaTeX"):
        katex.render(tex, display=False)
    assert "katex" in katex.render("x^2", display=False)


def test_several_lines_are_aligned(katex: Katex) -> None:
    html = katex.render("a &= b \\\\\n &= c", display=True)
    assert "mtable" in html


def test_macros_are_known(tmp_path: Path) -> None:
    renderer = Katex(PACKAGE, macros={r"\R": r"\mathbb{R}"})
    assert "mathbb" in renderer.render(r"\R", display=False)
    renderer.close()


def test_formulas_are_kept_between_builds(tmp_path: Path) -> None:
    first = Katex(PACKAGE, tmp_path / "cache.json")
    html = first.render("x", display=False)
    first.close()
    second = Katex(PACKAGE, tmp_path / "cache.json")
    assert second.render("x", display=False) == html
    assert second.process is None  # Node was not needed
    assert second.render("x", display=True) != html  # the same formula, displayed, is another one
    second.close()


def test_a_damaged_cache_is_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "cache.json").write_text("{", "utf-8")
    renderer = Katex(PACKAGE, tmp_path / "cache.json")
    assert "katex" in renderer.render("x", display=False)
    renderer.close()


def test_closing_ends_the_process(katex: Katex) -> None:
    katex.render("x", display=False)
    process = katex.process
    assert process is not None
    assert process.poll() is None
    katex.close()
    assert process.poll() is not None
    katex.close()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for the process in /proc (Linux)")
@pytest.mark.parametrize("end", ["raise SystemError('the build broke')", "os.kill(os.getpid(), 9)"])
def test_the_process_does_not_outlive_a_build_that_breaks(end: str) -> None:
    script = f"""
import os, sys
sys.path.append({str(ROOT / "book" / "_extensions")!r})
from pathlib import Path
from katex import Katex
katex = Katex(Path({str(PACKAGE)!r}))
katex.render("x", display=False)
print(katex.process.pid, flush=True)
{end}
"""
    broken = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert broken.returncode != 0
    pid = int(broken.stdout)
    for _ in range(50):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text("utf-8").rsplit(")", 1)[1].split()[0] == "Z":
            return
        time.sleep(0.1)
    pytest.fail(f"node still runs as process {pid}")


def test_without_the_package_one_sentence_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ExtensionError, match="run `make course`"):
        Katex(tmp_path / "node_modules" / "katex").render("x", display=False)
