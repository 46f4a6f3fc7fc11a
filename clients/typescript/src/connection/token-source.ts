import { status } from "@grpc/grpc-js";
import { Alarm } from "../async/alarm.js";
import { errorText } from "../error-text.js";
import { DispatcherError, invalidArgument } from "../errors.js";

/** A token, or what fetches one: it is asked before each call and each attempt of a stream, never twice at a time. */
export type Token = string | (() => string | Promise<string>);

/** How long a token may take, in milliseconds. */
const TOKEN_TIMEOUT_MS = 10_000;
/** What a header may hold. An error must not show the token, so grpc-js is not asked. */
const HEADER_VALUE = /^[\x21-\x7e]+$/;

/** The token of a client. Its texts never hold the token. */
export class TokenSource {
  readonly #fetch: (() => string | Promise<string>) | undefined;
  /** The value of the header, if the token is fixed. */
  readonly #fixed: string | undefined;
  /** The run of the function. It may outlast the calls that wait for it. */
  #running: Promise<string> | undefined;

  /** @throws {DispatcherError} INVALID_ARGUMENT if a fixed token cannot be sent. */
  constructor(token: Token | undefined) {
    this.#fetch = typeof token === "function" ? token : undefined;
    if (typeof token === "string") {
      if (!HEADER_VALUE.test(token))
        throw invalidArgument("token", `has characters that a header cannot hold`);
      this.#fixed = `Bearer ${token}`;
    }
  }

  /** Whether the token may be another one next time. */
  get isRenewed(): boolean {
    return this.#fetch !== undefined;
  }

  /** The header now; undefined without a token. Rejects with UNAUTHENTICATED, reason NO_TOKEN, if there is none in time. */
  header(): string | undefined | Promise<string> {
    if (this.#fetch === undefined) return this.#fixed;
    // A function that hangs is not asked again: its runs would pile up.
    this.#running ??= Promise.resolve()
      .then(this.#fetch)
      .finally(() => {
        this.#running = undefined;
      });
    return this.#await(this.#running);
  }

  async #await(running: Promise<string>): Promise<string> {
    const alarm = new Alarm();
    const late = new Promise<never>((_, reject) => {
      alarm.set(TOKEN_TIMEOUT_MS, () => reject(noToken(`gave no token within ${TOKEN_TIMEOUT_MS} ms`)));
    });
    try {
      const token = await Promise.race([running, late]);
      if (typeof token !== "string" || !HEADER_VALUE.test(token))
        throw noToken("gave no text that a header can hold");
      return `Bearer ${token}`;
    } catch (error) {
      throw error instanceof DispatcherError && error.reason === "NO_TOKEN"
        ? error
        : noToken(`failed: ${errorText(error)}`, error);
    } finally {
      alarm.clear();
    }
  }
}

function noToken(what: string, cause?: unknown): DispatcherError {
  return new DispatcherError({
    code: status.UNAUTHENTICATED,
    reason: "NO_TOKEN",
    details: `the token function ${what}`,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Whether only programs on the same machine can read what is sent to an address. */
export function isLocalTarget(address: string): boolean {
  const target = address.replace(/^(?:dns|ipv4|ipv6):(?:\/\/[^/]*\/)?/i, "");
  return (
    /^unix(?:-abstract)?:/i.test(target) ||
    /^(?:localhost|127(?:\.\d{1,3}){3}|\[(?:::1|::ffff:127(?:\.\d{1,3}){3})\])(?::\d+)?$/i.test(target)
  );
}
