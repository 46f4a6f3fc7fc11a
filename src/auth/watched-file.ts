/** A file that is read at the start, and again when its content has changed. */
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";

/** Limit of a file, in bytes. It is read in one piece, while nothing else runs. */
const MAX_FILE_BYTES = 4 * 1_024 * 1_024;

/** What a file has become. */
export type FileContent<T> =
  | { readonly content: T }
  | { readonly problems: readonly string[] }
  /** It is as it was when it was read last. */
  | "unchanged";

/** Follows the content of one file. Kubernetes swaps links to folders, so only the content says whether a file has changed. */
export class WatchedFile<T> {
  /** Of the content, or of the error, that was read last. */
  #seen: string | undefined;

  /**
   * @param parse - returns what the file says, or what is wrong with it, without any text of the file.
   */
  constructor(
    readonly path: string,
    private readonly parse: (
      text: string,
    ) => { readonly content: T } | { readonly problems: readonly string[] },
  ) {}

  /** Reads the file. It never throws. */
  read(): FileContent<T> {
    const text = textOf(this.path);
    const seen = typeof text === "string" ? createHash("sha256").update(text).digest("base64") : text.problem;
    if (seen === this.#seen) return "unchanged";
    this.#seen = seen;
    return typeof text === "string" ? this.parse(text) : { problems: [text.problem] };
  }
}

function textOf(path: string): string | { readonly problem: string } {
  try {
    const found = statSync(path);
    const { size } = found;
    // A pipe would block the process until somebody writes into it.
    if (!found.isFile()) return { problem: "is no regular file; name a file" };
    if (size > MAX_FILE_BYTES) return { problem: `has ${size} bytes; use at most ${MAX_FILE_BYTES}` };
    return readFileSync(path, "utf8");
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return { problem: `cannot be read (${why}); name a readable file` };
  }
}
