/**
 * The clients that are measured, each as one program with three parts:
 *
 *   echo                           serves a plain unary echo, and says `listening on ADDRESS`
 *   produce ADDRESS TOPIC          answers with what it is asked, by the client; says `ready`
 *   measure ADDRESS TOPIC ECHO     for each line `gather N` or `echo N` makes N round trips, one after the other, and
 *                                  says the median in microseconds
 *
 * All end with their standard input.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Preparable, runs, temporaryFolder } from "../conformance/languages.js";
import { ROOT } from "../conformance/root.js";

/** One client, and how its program is started once it is prepared. */
export interface Peer extends Preparable<readonly string[]> {
  readonly name: string;
}

const PYTHON_FOLDER = join(ROOT, "clients/python");
const GO_FOLDER = join(ROOT, "clients/go");

function python(name: string, face: string): Peer {
  const program = process.env["ATE_PYTHON"] ?? "python3";
  return {
    name,
    missing: async () =>
      (await runs(program, ["-c", "import grpc, google.protobuf"]))
        ? undefined
        : "no Python with grpcio and protobuf: name one in ATE_PYTHON",
    prepare: async () => [
      ...["env", `PYTHONPATH=${join(PYTHON_FOLDER, "src")}`],
      ...[program, join(PYTHON_FOLDER, "benchmarks/round_trip.py"), face],
    ],
  };
}

/** All of them, in the order of the table. */
export const PEERS: readonly Peer[] = [
  {
    name: "TypeScript",
    missing: async () => undefined,
    prepare: async () => [process.execPath, join(ROOT, "dist-test/test/round-trip/typescript-peer.js")],
  },
  python("Python, threads", "threads"),
  python("Python, asyncio", "asyncio"),
  {
    name: "Go",
    missing: async () => ((await runs("go", ["version"])) ? undefined : "no Go toolchain"),
    async prepare() {
      const binary = join(temporaryFolder(), "round-trip");
      await promisify(execFile)("go", ["build", "-o", binary, "./internal/roundtrip"], { cwd: GO_FOLDER });
      return [binary];
    },
  },
];
