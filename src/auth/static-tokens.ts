/** The tokens of the token file, which holds their digests alone. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Principal } from "../core/vocabulary/principal.js";

/** One token of the file. */
export interface StaticToken {
  /** The SHA-256 of the token. */
  readonly digest: Buffer;
  readonly principal: Principal;
}

/** The SHA-256 of a token, as the token file has it. */
export function tokenDigest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

/**
 * The static tokens that are valid.
 *
 * The time of a comparison says nothing of a token. Comparing with each of thousands of tokens in constant time would cost
 * a call milliseconds, so tokens are looked up: by a keyed digest of their digest, which nobody without the key can steer
 * or predict. The digest that is found is then compared in constant time.
 */
export class StaticTokens {
  readonly #key = randomBytes(32);
  #tokens: ReadonlyMap<string, StaticToken> = new Map();

  /** Makes these the only valid tokens. */
  replace(tokens: readonly StaticToken[]): void {
    this.#tokens = new Map(tokens.map((token) => [this.#keyOf(token.digest), token]));
  }

  /** The principal of a token, be it expired or not; undefined if the token is unknown. */
  find(token: string): Principal | undefined {
    const digest = tokenDigest(token);
    const found = this.#tokens.get(this.#keyOf(digest));
    return found && timingSafeEqual(found.digest, digest) ? found.principal : undefined;
  }

  #keyOf(digest: Buffer): string {
    return createHmac("sha256", this.#key).update(digest).digest("base64");
  }
}
