/** Static tokens from a file that is read again when it changes. */
import type { Principal } from "../core/vocabulary/principal.js";
import type { Logger } from "../ports/logger.js";
import { StaticTokens } from "./static-tokens.js";
import { parseTokens } from "./token-file.js";
import { WatchedFile } from "./watched-file.js";

/** The tokens of one file. */
export class TokenSource {
  readonly #file: WatchedFile<StaticTokens>;
  #tokens = new StaticTokens([]);

  /** @param path - nothing is read before {@link load}. */
  constructor(path: string) {
    this.#file = new WatchedFile(path, (text) => {
      const { tokens, problems } = parseTokens(text);
      return problems.length > 0 ? { problems } : { content: new StaticTokens(tokens) };
    });
  }

  /** Reads the file if it has changed. An invalid one changes nothing. @returns what is wrong with it. */
  load(): readonly string[] {
    const read = this.#file.read();
    if (read === "unchanged") return [];
    if ("problems" in read) return read.problems;
    this.#tokens = read.content;
    return [];
  }

  /** Reads the file again, and logs what came of it. */
  reload(logger: Logger): void {
    const before = this.#tokens;
    const problems = this.load();
    const file = this.#file.path;
    if (problems.length > 0)
      logger.error({ file, problems }, "the token file is invalid; the earlier tokens stay");
    else if (this.#tokens !== before) logger.info({ file }, "the token file was read again");
  }

  /** The principal of a token, be it expired or not; undefined if the token is unknown. */
  find(token: string): Principal | undefined {
    return this.#tokens.find(token);
  }
}
