/**
 * The languages of the conformance suite, and the command that starts the adapter of each.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Command } from "./adapter-process.js";
import { COMPILED, ROOT } from "./root.js";

const run = promisify(execFile);

/** Something with prerequisites. */
export interface Preparable<T> {
  /** Names the missing prerequisite; undefined if nothing is missing. */
  missing(): Promise<string | undefined>;
  /** Builds or installs it. Rejects if that fails. */
  prepare(): Promise<T>;
}

/** A language of the suite; `prepare` returns the command of its adapter. */
export interface Language extends Preparable<Command> {
  readonly name: string;
}

const PYTHON_FOLDER = join(ROOT, "clients/python");
const GO_FOLDER = join(ROOT, "clients/go");
const GO_ADAPTER = "cmd/conformance-adapter";

const typescript: Language = {
  name: "typescript",
  missing: async () => undefined,
  prepare: async () => ({ program: process.execPath, args: [join(COMPILED, "typescript-adapter.js")] }),
};

/** A Python adapter; there is one for asyncio and one for threads, which share no code of the client's streams. */
function pythonAdapter(name: string, file: string): Language {
  const adapter = join(PYTHON_FOLDER, file);
  const program = process.env["ATE_PYTHON"] ?? "python3";
  return {
    name,
    async missing() {
      if (!(await runs(program, ["-c", "import grpc, google.protobuf"]))) {
        return "no Python with grpcio and protobuf: name one in ATE_PYTHON";
      }
      return existsSync(adapter) ? undefined : `clients/python/${file} is missing`;
    },
    prepare: async () => ({
      program,
      args: [adapter],
      env: { PYTHONPATH: join(PYTHON_FOLDER, "src"), PYTHONUNBUFFERED: "1" },
    }),
  };
}

const go: Language = {
  name: "go",
  async missing() {
    if (!(await runs("go", ["version"]))) return "no Go toolchain";
    return existsSync(join(GO_FOLDER, GO_ADAPTER)) ? undefined : `clients/go/${GO_ADAPTER} is missing`;
  },
  async prepare() {
    const binary = join(temporaryFolder(), "conformance-adapter");
    await run("go", ["build", "-o", binary, `./${GO_ADAPTER}`], { cwd: GO_FOLDER });
    return { program: binary, args: [] };
  },
};

/** Every language, in the order of the table. The first three also run mixed. */
export const LANGUAGES: readonly Language[] = [
  typescript,
  pythonAdapter("python", "conformance_adapter.py"),
  go,
  pythonAdapter("python-threads", "conformance_threads.py"),
].map((language) => ({
  ...language,
  ...once(language),
}));

/** Whether a missing prerequisite is a failure: with `CI=true`. Otherwise it is skipped, with a message. */
export const IS_STRICT = process.env["CI"] === "true";

/** A folder that is removed when this process ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "ate-conformance-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Whether a program can be run and exits with code 0. */
export async function runs(program: string, args: readonly string[]): Promise<boolean> {
  return await run(program, args).then(
    () => true,
    () => false,
  );
}

/** Caches both functions, so that each runs once. */
export function once<T>({ missing, prepare }: Preparable<T>): Preparable<T> {
  let isMissing: Promise<string | undefined> | undefined;
  let prepared: Promise<T> | undefined;
  return {
    missing: () => {
      isMissing ??= missing();
      return isMissing;
    },
    prepare: () => {
      prepared ??= prepare();
      return prepared;
    },
  };
}
