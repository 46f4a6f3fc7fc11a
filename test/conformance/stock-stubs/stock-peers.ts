/**
 * The peers with stock stubs, and the command that starts each.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Command } from "../adapter-process.js";
import { once, type Preparable, runs, temporaryFolder } from "../languages.js";
import { COMPILED, ROOT } from "../root.js";

const run = promisify(execFile);

/** A gRPC library with its stock stubs; `prepare` returns the command of its peer, without the address and the id. */
export interface StockPeerKind extends Preparable<Command> {
  readonly name: string;
  /** Arguments after the address and the id. */
  readonly trailing?: () => readonly string[];
}

const GO_FOLDER = join(ROOT, "clients/go");
const INPUTS = ["proto", "third_party/googleapis"].map((folder) => join(ROOT, folder));
const PROTO_FILES = [
  ...[
    ...["dispatcher_service", "gather", "introspection", "introspection_service", "listener"],
    ...["producer", "request", "result", "session", "summary"],
  ].map((name) => `ate/dispatcher/v1/${name}.proto`),
  "google/rpc/status.proto",
];

let pythonStubs = "";

const grpcio: StockPeerKind = {
  name: "grpcio",
  async missing() {
    const isThere = await runs(pythonProgram(), ["-c", "import grpc, grpc_tools"]);
    return isThere ? undefined : "no Python with grpcio and grpcio-tools: name one in ATE_PYTHON";
  },
  async prepare() {
    pythonStubs = temporaryFolder();
    await run(pythonProgram(), [
      ...["-m", "grpc_tools.protoc", ...INPUTS.map((folder) => `-I${folder}`)],
      ...[`--python_out=${pythonStubs}`, `--grpc_python_out=${pythonStubs}`, ...PROTO_FILES],
    ]);
    const program = join(ROOT, "test/conformance/stock-stubs/stock_peer.py");
    return { program: pythonProgram(), args: [program], env: { PYTHONUNBUFFERED: "1" } };
  },
  trailing: () => [pythonStubs],
};

const grpcGo: StockPeerKind = {
  name: "grpc-go",
  missing: async () => ((await runs("go", ["version"])) ? undefined : "no Go toolchain"),
  async prepare() {
    const binary = join(temporaryFolder(), "stock-peer");
    await run("go", ["build", "-o", binary, "./cmd/conformance-stock-peer"], { cwd: GO_FOLDER });
    return { program: binary, args: [] };
  },
};

const grpcJs: StockPeerKind = {
  name: "grpc-js",
  missing: async () => undefined,
  prepare: async () => ({
    program: process.execPath,
    args: [join(COMPILED, "stock-stubs/javascript-peer.js")],
  }),
};

/** Every library, in the order of the table. */
export const STOCK_PEERS: readonly StockPeerKind[] = [grpcio, grpcGo, grpcJs].map((kind) => ({
  ...kind,
  ...once(kind),
}));

function pythonProgram(): string {
  return process.env["ATE_PYTHON"] ?? "python3";
}
