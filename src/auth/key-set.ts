/** The public keys of an issuer, as a JSON Web Key Set. */
import { createHash } from "node:crypto";
import { createLocalJWKSet, type JWTVerifyGetKey } from "jose";
import type { Parsed } from "./auth-file.js";

/** Limit of the keys in a set. Each token is compared with all of them. */
const MAX_KEYS = 256;

/** Keys that signatures are verified with. */
export interface KeySet {
  /** Finds the key of a token; throws if there is none, or several. */
  readonly find: JWTVerifyGetKey;
  /** Sets with equal content have equal digests. */
  readonly digest: string;
}

/** Reads a set. No problem contains any text of it. */
export function parseKeySet(text: string): Parsed<KeySet> {
  let set: unknown;
  try {
    set = JSON.parse(text);
  } catch {
    return failed("is not JSON; use a JSON Web Key Set");
  }
  const keys = typeof set === "object" && set !== null && "keys" in set ? set.keys : undefined;
  if (!Array.isArray(keys)) return failed("has no list of keys; use a JSON Web Key Set");
  if (keys.length > MAX_KEYS) return failed(`has ${keys.length} keys; use at most ${MAX_KEYS}`);
  if (!keys.every((key) => typeof key === "object" && key !== null && !Array.isArray(key))) {
    return failed("has a key that is no object; use a JSON Web Key Set");
  }
  // A server that verifies needs no secret, and a file with one is the wrong file.
  if (keys.some((key: object) => "d" in key || "k" in key)) {
    return failed("has a private or a shared key; use the public keys alone");
  }
  try {
    const find = createLocalJWKSet({ keys });
    return { content: { find, digest: createHash("sha256").update(text).digest("base64") } };
  } catch {
    return failed("is no JSON Web Key Set");
  }
}

function failed(problem: string): { readonly problems: readonly string[] } {
  return { problems: [problem] };
}
