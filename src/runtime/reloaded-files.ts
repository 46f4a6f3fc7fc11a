/**
 * Files that are read again while the server runs.
 *
 * The natural way is to watch them for events. But Kubernetes replaces a symbolic link above the files, and network file
 * systems send no events; so the contents are compared at intervals.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Logger } from "../ports/logger.js";

/** Time between two looks at the files, in milliseconds. */
export const RELOAD_MS = 10_000;
/** Maximum size of a file, in bytes. */
const MAX_FILE_BYTES = 16 * 1_024 * 1_024;

/** Files that belong together: all of them are replaced, or none. */
export interface FileSet {
  /** What they are, for the log, such as `certificates`. */
  readonly what: string;
  /** The path of each file by its setting. */
  readonly paths: Readonly<Record<string, string>>;
  /** Checks the contents, and uses them from now on. @throws Error that says what is wrong; then nothing has changed. */
  readonly apply: (contents: Readonly<Record<string, Buffer>>) => void;
}

/** What a reload found in one set of files. */
export interface ReloadOutcome {
  readonly what: string;
  readonly result: "unchanged" | "replaced" | "refused";
  /** Why they were refused. */
  readonly why?: string;
}

interface FollowedSet {
  readonly set: FileSet;
  /** Digest of the contents that are in use. */
  used: string;
  /** Digest of the contents that were refused last, so that they are logged once. */
  refused: string;
}

/** Sets of files that are followed. */
export class ReloadedFiles {
  private readonly followed: FollowedSet[] = [];
  private timer: NodeJS.Timeout | undefined = undefined;
  private latest: Promise<readonly ReloadOutcome[]> = Promise.resolve([]);

  constructor(
    private readonly logger: Logger,
    private readonly intervalMs = RELOAD_MS,
  ) {}

  /** Reads and uses a set, and follows it from now on. @throws Error if a file cannot be read, or if the set is refused. */
  add(set: FileSet): void {
    const contents = Object.fromEntries(
      Object.entries(set.paths).map(([setting, path]) => [setting, readNow(setting, path)]),
    );
    set.apply(contents);
    this.followed.push({ set, used: digestOf(contents), refused: "" });
    this.timer ??= setInterval(() => void this.reload(), this.intervalMs).unref();
  }

  /** Looks at the files now. Two looks follow each other. */
  reload(): Promise<readonly ReloadOutcome[]> {
    this.latest = this.latest.then(() => Promise.all(this.followed.map((one) => this.look(one))));
    return this.latest;
  }

  /** Stops following the files. */
  stop(): void {
    clearInterval(this.timer);
    this.followed.length = 0;
  }

  private async look(followed: FollowedSet): Promise<ReloadOutcome> {
    const { what, paths, apply } = followed.set;
    let digest = "";
    try {
      const contents = await readAll(paths);
      digest = digestOf(contents);
      if (digest === followed.used) {
        followed.refused = "";
        return { what, result: "unchanged" };
      }
      apply(contents);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const isNew = followed.refused !== `${digest} ${why}`;
      followed.refused = `${digest} ${why}`;
      if (isNew) this.logger.warn({ what, why }, "changed files are refused; the old ones stay in use");
      return { what, result: "refused", why };
    }
    followed.used = digest;
    followed.refused = "";
    this.logger.info({ what }, "changed files are in use");
    return { what, result: "replaced" };
  }
}

async function readAll(paths: FileSet["paths"]): Promise<Readonly<Record<string, Buffer>>> {
  const read = async ([setting, path]: readonly [string, string]): Promise<readonly [string, Buffer]> => {
    const content = await readFile(path).catch((error: unknown) => {
      throw unreadable(setting, path, error);
    });
    return [setting, checked(setting, path, content)];
  };
  return Object.fromEntries(await Promise.all(Object.entries(paths).map(read)));
}

function readNow(setting: string, path: string): Buffer {
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (error) {
    throw unreadable(setting, path, error);
  }
  return checked(setting, path, content);
}

function checked(setting: string, path: string, content: Buffer): Buffer {
  if (content.byteLength <= MAX_FILE_BYTES) return content;
  throw new Error(`${setting}: ${path} has ${content.byteLength} bytes; at most ${MAX_FILE_BYTES} are read`);
}

function unreadable(setting: string, path: string, error: unknown): Error {
  const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return new Error(`${setting}: cannot read ${path} (${why}); name a readable file`, { cause: error });
}

function digestOf(contents: Readonly<Record<string, Buffer>>): string {
  const hash = createHash("sha256");
  for (const content of Object.values(contents)) hash.update(`${content.byteLength} `).update(content);
  return hash.digest("base64");
}
