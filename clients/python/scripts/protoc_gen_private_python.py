"""A protoc plugin that generates Python messages and stubs private to one package.

The code that protoc itself generates imports `google.rpc...` from the top level and registers its messages in the
descriptor pool of the process. Both collide with other packages that contain the same files. This plugin moves the
imports into a subpackage and replaces the pool with one of the package.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path, PurePosixPath

from google.protobuf import descriptor_pb2
from google.protobuf.compiler import plugin_pb2
from grpc_tools import protoc

TREE = "ate_dispatcher_grpc._gen"
POOL = "from google.protobuf import descriptor_pool as _descriptor_pool"
PRIVATE_POOL = "from ate_dispatcher_grpc import _pool as _descriptor_pool"


def main() -> None:
    """Answers the CodeGeneratorRequest on standard input."""
    request = plugin_pb2.CodeGeneratorRequest.FromString(sys.stdin.buffer.read())
    response = plugin_pb2.CodeGeneratorResponse(
        supported_features=plugin_pb2.CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL
    )
    files = generate(request)
    for name in sorted({*files, *packages(files)}):
        response.file.add(name=name, content=files.get(name, ""))
    sys.stdout.buffer.write(response.SerializeToString())


def generate(request: plugin_pb2.CodeGeneratorRequest) -> dict[str, str]:
    """Runs protoc on the request; returns the private version of each generated file, by name."""
    with tempfile.TemporaryDirectory() as folder:
        descriptors = Path(folder, "descriptors")
        descriptors.write_bytes(descriptor_pb2.FileDescriptorSet(file=request.proto_file).SerializeToString())
        out = Path(folder, "out")
        out.mkdir()
        flags = [f"--descriptor_set_in={descriptors}", f"--python_out={out}", f"--pyi_out={out}"]
        if protoc.main(["protoc", *flags, *request.file_to_generate]) != 0:
            raise SystemExit("protoc failed")
        written = sorted(path for path in out.rglob("*") if path.is_file())
        names = {path.relative_to(out).as_posix() for path in written}
        return {path.relative_to(out).as_posix(): private(path.read_text(), names) for path in written}


def private(source: str, names: set[str]) -> str:
    """Moves the imports of generated files into the subpackage, and replaces the descriptor pool."""

    def moved(match: re.Match[str]) -> str:
        package, module = match["package"] or "", match["module"]
        if f"{package.replace('.', '/')}/{module}.py".lstrip("/") not in names:
            return match[0]
        return f"from {TREE}{'.' + package if package else ''} import {module}"

    source = re.sub(r"^from (?P<package>[\w.]+) import (?P<module>\w+_pb2)\b", moved, source, flags=re.M)
    source = re.sub(r"^import (?P<package>)(?P<module>\w+_pb2)\b", moved, source, flags=re.M)
    return source.replace(POOL, PRIVATE_POOL)


def packages(files: dict[str, str]) -> set[str]:
    """Returns the name of the __init__.py of every folder."""
    folders = {folder for name in files for folder in PurePosixPath(name).parents}
    return {str(folder / "__init__.py") for folder in folders}


if __name__ == "__main__":
    main()
