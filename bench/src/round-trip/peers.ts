/**
 * The measured clients. Each is one program with three parts:
 *
 *   echo                           serves a plain unary echo and prints `listening on ADDRESS`
 *   produce ADDRESS TOPIC          answers each request with its own payload through the client; prints `ready`
 *   measure ADDRESS TOPIC ECHO     for each input line `gather N` or `echo N` makes N round trips, one after the other,
 *                                  and prints their median in microseconds
 *
 * All parts exit when their standard input ends.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fromProject } from "../project.js";
import { createTemporaryFolder, runProgram, succeeds } from "./toolchains.js";

/** One client and how its program is started. */
export interface Peer {
  readonly name: string;
  /** Says which toolchain is missing on this machine; undefined if none is. */
  missing(): Promise<string | undefined>;
  /** Builds the program. @returns its command line. Rejects if the build fails. */
  prepare(): Promise<readonly string[]>;
}

const PYTHON_FOLDER = fileURLToPath(fromProject("clients/python"));
const GO_FOLDER = fileURLToPath(fromProject("clients/go"));

function python(name: string, api: string): Peer {
  const program = process.env["ATE_PYTHON"] ?? "python3";
  return {
    name,
    missing: async () =>
      (await succeeds(program, ["-c", "import grpc, google.protobuf"]))
        ? undefined
        : "no Python with grpcio and protobuf: name one in ATE_PYTHON",
    prepare: async () => [
      ...["env", `PYTHONPATH=${join(PYTHON_FOLDER, "src")}`],
      ...[program, join(PYTHON_FOLDER, "benchmarks/round_trip.py"), api],
    ],
  };
}

/** All clients, in the order of the table. */
export const PEERS: readonly Peer[] = [
  {
    name: "TypeScript",
    missing: async () => undefined,
    prepare: async () => [process.execPath, fileURLToPath(new URL("typescript-peer.js", import.meta.url))],
  },
  python("Python, threads", "threads"),
  python("Python, asyncio", "asyncio"),
  {
    name: "Go",
    missing: async () => ((await succeeds("go", ["version"])) ? undefined : "no Go toolchain"),
    async prepare() {
      const binary = join(createTemporaryFolder(), "round-trip");
      await runProgram("go", ["build", "-o", binary, "./internal/roundtrip"], { cwd: GO_FOLDER });
      return [binary];
    },
  },
];
