import type { Logger } from "../ports/logger.js";
import { type KeySet, parseKeySet } from "./key-set.js";
import { WatchedFile } from "./watched-file.js";

/** The keys of an issuer, as they are now. */
export interface Keys {
  /** The keys; undefined if there are none that may be used. */
  readonly current: KeySet | undefined;
  /** Waits for keys that differ from these; undefined if there are none within seconds. It never rejects. */
  newer(than: KeySet | undefined): Promise<KeySet | undefined>;
}

/** The keys in a file. */
export class KeysInFile implements Keys {
  readonly #file: WatchedFile<KeySet>;
  #set: KeySet | undefined;

  /** @param path - nothing is read before {@link load}. */
  constructor(path: string) {
    this.#file = new WatchedFile(path, parseKeySet);
  }

  get current(): KeySet | undefined {
    return this.#set;
  }

  async newer(): Promise<undefined> {}

  /** Reads the file if it has changed. An invalid one changes nothing. @returns what is wrong with it. */
  load(): readonly string[] {
    const read = this.#file.read();
    if (read === "unchanged") return [];
    if ("problems" in read) return read.problems;
    this.#set = read.content;
    return [];
  }

  /** Reads the file again, and logs what came of it. */
  reload(logger: Logger): void {
    const before = this.#set;
    const problems = this.load();
    const file = this.#file.path;
    if (problems.length > 0)
      logger.error({ file, problems }, "the key set is invalid; the earlier keys stay");
    else if (this.#set !== before) logger.info({ file }, "the key set was read again");
  }
}
