/** The keys at a URL. They are fetched when a token needs them, one fetch at a time. */
import type { Logger } from "../ports/logger.js";
import { type Fetched, fetchText } from "./fetch-keys.js";
import { type KeySet, parseKeySet } from "./key-set.js";
import type { Keys } from "./keys.js";

/** Age beyond which the keys are fetched again, while the old ones are used, in milliseconds. */
const FRESH_MS = 300_000;
/** Time between the beginnings of two fetches, in milliseconds: a token may name any key, and the issuer may be down. */
const MIN_PAUSE_MS = 10_000;

/** Where the keys are, and what else they need. */
export interface UrlKeysOptions {
  readonly url: string;
  /** How long keys are used after they were fetched, in milliseconds. */
  readonly maxStaleMs: number;
  readonly logger: Logger;
  /** The monotonic time, in milliseconds. */
  readonly now: () => number;
  /** Fetches the text at a URL; never rejects. Default: over HTTPS. */
  readonly fetch?: (url: string) => Promise<Fetched>;
}

/** The keys at a URL. */
export class KeysByUrl implements Keys {
  readonly #options: UrlKeysOptions;
  #set: KeySet | undefined;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | undefined;
  /** The last failure that was logged, so that each is logged once. */
  #failure: string | undefined;

  constructor(options: UrlKeysOptions) {
    this.#options = options;
  }

  get current(): KeySet | undefined {
    const age = this.#options.now() - this.#fetchedAt;
    if (age > FRESH_MS) this.#startFetch();
    return age <= this.#options.maxStaleMs ? this.#set : undefined;
  }

  async newer(than: KeySet | undefined): Promise<KeySet | undefined> {
    this.#startFetch();
    await this.#fetching;
    const { current } = this;
    return current?.digest === than?.digest ? undefined : current;
  }

  /** Fetches the keys again if they are old, so that no call has to wait for them. */
  refresh(): void {
    void this.current;
  }

  #startFetch(): void {
    const now = this.#options.now();
    if (this.#fetching !== undefined || now - this.#triedAt < MIN_PAUSE_MS) return;
    this.#triedAt = now;
    this.#fetching = this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
  }

  async #fetch(): Promise<void> {
    const { fetch = fetchText, url, now } = this.#options;
    const fetched = await fetch(url);
    if ("problem" in fetched) {
      this.#failed(fetched.problem);
      return;
    }
    const parsed = parseKeySet(fetched.text);
    if ("problems" in parsed) {
      this.#failed(`the answer ${parsed.problems.join("; ")}`);
      return;
    }
    this.#fetchedAt = now();
    this.#failure = undefined;
    if (parsed.content.digest === this.#set?.digest) return;
    this.#set = parsed.content;
    this.#options.logger.info({}, "the keys of the issuer were fetched");
  }

  #failed(problem: string): void {
    if (problem === this.#failure) return;
    this.#failure = problem;
    const message =
      "the keys of the issuer cannot be fetched; tokens are refused when the last ones are too old";
    this.#options.logger.warn({ setting: "authJwtJwksUrl", problem }, message);
  }
}
