"""Generates the Python client from the proto files, with the packages of clients/python/requirements-dev.txt.

python scripts/generate-python.py           rewrites clients/python/src/ate_dispatcher_grpc/_gen
python scripts/generate-python.py --check   generates into a temporary folder and fails, naming the files that differ
"""

from __future__ import annotations

import filecmp
import os
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GENERATED = Path("clients/python/src/ate_dispatcher_grpc/_gen")
REQUIREMENTS = ROOT / "clients/python/requirements-dev.txt"


def main() -> None:
    """Generates, or compares."""
    check_tools()
    if "--check" not in sys.argv[1:]:
        generate(ROOT)
        return
    with tempfile.TemporaryDirectory() as copy:
        generate(Path(copy))
        differences = compare(ROOT / GENERATED, Path(copy) / GENERATED)
    if differences:
        remedy = "Generated code is not what the proto files say; run python scripts/generate-python.py:"
        sys.exit("\n".join([remedy, *differences]))


def check_tools() -> None:
    """Other versions of the generator would write other code."""
    for name in ("grpcio-tools", "protobuf"):
        wanted = next(
            line.partition("==")[2].strip()
            for line in REQUIREMENTS.read_text().splitlines()
            if line.startswith(f"{name}==")
        )
        try:
            found = version(name)
        except PackageNotFoundError:
            found = "missing"
        if found != wanted:
            sys.exit(f"{name} is {found}, not {wanted}; pip install -r {REQUIREMENTS.relative_to(ROOT)}")


def generate(target: Path) -> None:
    """Runs buf with this very interpreter for python3."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "python3").symlink_to(sys.executable)
        # A link to a virtual environment's interpreter does not find the environment by itself.
        environment = {
            **os.environ,
            "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path.endswith("site-packages")),
        }
        buf = ROOT / "node_modules/.bin/buf"
        command = [str(buf), "generate", "--template", "buf.gen.python.yaml", "-o", str(target)]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)


def compare(committed: Path, fresh: Path) -> list[str]:
    """Says which files differ."""
    names = sorted({*files(committed), *files(fresh)})
    return [
        f"{what}  {GENERATED / name}"
        for name in names
        if (what := difference(committed / name, fresh / name))
    ]


def difference(committed: Path, fresh: Path) -> str:
    """Says how two files differ, if they do."""
    if not committed.exists():
        return "missing"
    if not fresh.exists():
        return "surplus"
    return "" if filecmp.cmp(committed, fresh, shallow=False) else "differs"


def files(folder: Path) -> list[Path]:
    """Lists the generated files below a folder."""
    found = folder.rglob("*") if folder.exists() else []
    return [path.relative_to(folder) for path in found if path.is_file() and "__pycache__" not in path.parts]


if __name__ == "__main__":
    main()
