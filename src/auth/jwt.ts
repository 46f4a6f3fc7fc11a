/**
 * Verifies JSON Web Tokens. Whoever signed a token, its claims are checked as the ids and groups of every source are: an
 * issuer may let its users choose their names.
 */
import { createHash } from "node:crypto";
import { type JWTPayload, type JWTVerifyOptions, jwtVerify } from "jose";
import type { Principal } from "../core/vocabulary/principal.js";
import { groupsProblem, idProblem } from "./identity.js";
import type { KeySet } from "./key-set.js";
import type { Keys } from "./keys.js";
import type { AuthOptions } from "./options.js";

/** How far the clocks of the issuer and of this machine may differ, in seconds. */
const LEEWAY_S = 30;
/** Verified tokens that are remembered. A verification costs about 0.2 ms, as much as all else of a small call. */
const MAX_REMEMBERED = 10_000;
/** Longer tokens are verified each time, so that what is remembered has at most 40 MB. */
const MAX_REMEMBERED_LENGTH = 4_096;
/** Verifications of different tokens that may wait, of all calls and of those from one address. */
const MAX_WAITING = 1_000;
const MAX_WAITING_PER_ADDRESS = 100;

/** What a verified token says. */
export interface VerifiedToken {
  readonly principal: Principal;
  /** The SHA-256 of the certificate that the token is bound to, in base64url; undefined if it is bound to none. */
  readonly boundTo: string | undefined;
}

/** A verified token, or why it is refused. */
export type Verdict = VerifiedToken | { readonly why: string; readonly isBusy?: true };

/** What is asked of a token. */
export type JwtOptions = Pick<
  AuthOptions,
  "authJwtIssuer" | "authJwtAudience" | "authJwtAlgorithms" | "authJwtPrincipalClaim" | "authJwtGroupsClaim"
>;

const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** Whether a token looks like a JWT: three parts, the last of which `none` leaves empty. */
export function isCompactJwt(token: string): boolean {
  return COMPACT.test(token);
}

/** Verifies tokens, and remembers those that are valid. */
export class JwtVerifier {
  readonly #keys: Keys;
  readonly #options: JwtOptions;
  readonly #timeOfDay: () => number;
  /** Valid tokens by their SHA-256, the oldest first. */
  readonly #verified = new Map<string, VerifiedToken>();
  /** The keys that they were verified with. */
  #verifiedWith: KeySet | undefined;
  readonly #waiting = new Map<string, Promise<Verdict>>();
  readonly #waitingByAddress = new Map<string, number>();

  constructor(keys: Keys, options: JwtOptions, timeOfDay: () => number) {
    this.#keys = keys;
    this.#options = options;
    this.#timeOfDay = timeOfDay;
  }

  /** Verifies a token: at once if it is remembered. The promise never rejects. */
  verify(token: string, address: string): Verdict | Promise<Verdict> {
    const digest = createHash("sha256").update(token).digest("base64");
    const known = this.#remembered(digest);
    if (known) return known;
    const running = this.#waiting.get(digest);
    if (running !== undefined) return running;
    const count = this.#waitingByAddress.get(address) ?? 0;
    if (this.#waiting.size >= MAX_WAITING || count >= MAX_WAITING_PER_ADDRESS) {
      return { why: "too many tokens wait to be verified", isBusy: true };
    }
    this.#waitingByAddress.set(address, count + 1);
    const verification = this.#verify(token, digest).finally(() => {
      this.#waiting.delete(digest);
      const left = (this.#waitingByAddress.get(address) ?? 1) - 1;
      if (left > 0) this.#waitingByAddress.set(address, left);
      else this.#waitingByAddress.delete(address);
    });
    this.#waiting.set(digest, verification);
    return verification;
  }

  #remembered(digest: string): VerifiedToken | undefined {
    const { current } = this.#keys;
    // A key that is withdrawn takes its tokens with it.
    if (current?.digest !== this.#verifiedWith?.digest) {
      this.#verified.clear();
      this.#verifiedWith = current;
    }
    const known = this.#verified.get(digest);
    if (!known || this.#timeOfDay() < (known.principal.expiresAt ?? 0)) return known;
    this.#verified.delete(digest);
    return undefined;
  }

  async #verify(token: string, digest: string): Promise<Verdict> {
    const keys = this.#keys.current ?? (await this.#keys.newer(undefined));
    if (!keys) return { why: "the keys of the issuer are not known" };
    const verdict = await this.#verifyWith(keys, token, digest);
    if (!("isKeyUnknown" in verdict)) return verdict;
    const newer = await this.#keys.newer(keys);
    return newer ? this.#verifyWith(newer, token, digest) : verdict;
  }

  async #verifyWith(keys: KeySet, token: string, digest: string): Promise<Verdict> {
    let payload: JWTPayload;
    try {
      payload = (await jwtVerify(token, keys.find, this.#demands())).payload;
    } catch (error) {
      return refusalFor(error);
    }
    const verdict = this.#read(payload);
    if ("why" in verdict || token.length > MAX_REMEMBERED_LENGTH) return verdict;
    if (keys.digest !== this.#verifiedWith?.digest) return verdict;
    const [oldest] = this.#verified.keys();
    if (this.#verified.size >= MAX_REMEMBERED && oldest !== undefined) this.#verified.delete(oldest);
    this.#verified.set(digest, verdict);
    return verdict;
  }

  #demands(): JWTVerifyOptions {
    return {
      issuer: this.#options.authJwtIssuer,
      audience: this.#options.authJwtAudience,
      algorithms: [...this.#options.authJwtAlgorithms],
      requiredClaims: ["exp", "sub"],
      clockTolerance: LEEWAY_S,
      currentDate: new Date(this.#timeOfDay()),
    };
  }

  #read(payload: JWTPayload): Verdict {
    const id = claimOf(payload, this.#options.authJwtPrincipalClaim);
    const wrongId = idProblem(id, { maySpiffe: false });
    if (wrongId !== undefined) return { why: `the id in the token ${wrongId}` };
    const groups = claimOf(payload, this.#options.authJwtGroupsClaim) ?? [];
    const wrongGroups = groupsProblem(groups);
    if (wrongGroups !== undefined) return { why: `the groups in the token ${wrongGroups}` };
    const boundTo = bindingOf(payload);
    if (boundTo === null) return { why: "the token is bound to something other than a certificate" };
    const principal: Principal = {
      id: id as string,
      source: "jwt",
      groups: [...new Set(groups as readonly string[])],
      expiresAt: (payload.exp ?? 0) * 1_000,
    };
    return { principal, boundTo };
  }
}

/** A claim; a name such as `constructor` is no claim unless the token has it. */
function claimOf(payload: JWTPayload, name: string): unknown {
  return Object.hasOwn(payload, name) ? payload[name] : undefined;
}

/** The certificate that a token is bound to (RFC 8705); null if it is bound to anything else. */
function bindingOf(payload: JWTPayload): string | undefined | null {
  const confirmation = claimOf(payload, "cnf");
  if (confirmation === undefined) return undefined;
  const isObject = typeof confirmation === "object" && confirmation !== null;
  const thumbprint = isObject && "x5t#S256" in confirmation ? confirmation["x5t#S256"] : undefined;
  return typeof thumbprint === "string" ? thumbprint : null;
}

/** Reasons by the code of an error of jose. */
const REASONS: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: "the token has expired",
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: "the signature of the token is wrong",
  ERR_JOSE_ALG_NOT_ALLOWED: "the algorithm of the token is not allowed",
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: "several keys of the issuer fit the token, and it names none",
  ERR_JWS_INVALID: "the token is malformed",
  ERR_JWT_INVALID: "the token is malformed",
};
const CLAIMS: ReadonlySet<unknown> = new Set(["iss", "aud", "sub", "exp", "nbf", "iat"]);

/** Says why jose refuses a token, in words that contain nothing of it. */
function refusalFor(error: unknown): { readonly why: string; readonly isKeyUnknown?: true } {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ERR_JWKS_NO_MATCHING_KEY")
    return { why: "no key of the issuer fits the token", isKeyUnknown: true };
  if (code === "ERR_JWT_CLAIM_VALIDATION_FAILED" && error instanceof Error && "claim" in error) {
    return {
      why: `the claim ${CLAIMS.has(error.claim) ? error.claim : "of another name"} is missing or wrong`,
    };
  }
  return { why: REASONS[code] ?? "the token cannot be verified" };
}
