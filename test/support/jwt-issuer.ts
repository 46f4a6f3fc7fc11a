/** An issuer of JWTs, whose keys a test makes when it runs. */
import { createPublicKey } from "node:crypto";
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";

export const ISSUER = "https://issuer.example";
export const AUDIENCE = "ate-dispatcher";

/** Header and claims that differ from those of a valid token; undefined removes one. */
export interface TokenInit {
  readonly kid?: string | undefined;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly expiresAt?: number;
}

/** One key, and the tokens that it signs. */
export interface Issuer {
  /** The public key with `kid`. */
  readonly key: JWK;
  /** A token that is valid from `now` on for an hour, unless `init` differs. Instants are in seconds. */
  token(now: number, init?: TokenInit): Promise<string>;
}

/** Creates an issuer with a new key. */
export async function createIssuer(alg = "ES256", kid = "k1"): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const key: JWK = { ...(await exportJWK(publicKey)), kid, alg, use: "sig" };
  return {
    key,
    token(now, { kid: named = kid, claims = {}, expiresAt = now + 3_600 } = {}) {
      const payload = { iss: ISSUER, aud: AUDIENCE, sub: "orders", iat: now, exp: expiresAt, ...claims };
      const header = { alg, ...(named === "" ? {} : { kid: named }) };
      return new SignJWT(payload as JWTPayload).setProtectedHeader(header).sign(privateKey);
    },
  };
}

/** A key set as its text. */
export function keySetOf(...issuers: readonly Pick<Issuer, "key">[]): string {
  return JSON.stringify({ keys: issuers.map(({ key }) => key) });
}

/** The PEM of a public key, which is no secret. */
export function pemOf(key: JWK): string {
  return createPublicKey({ key: key as never, format: "jwk" }).export({
    type: "spki",
    format: "pem",
  }) as string;
}

/** A token of parts that nobody signed. */
export function unsigned(header: unknown, payload: unknown, signature = ""): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part(header)}.${part(payload)}.${signature}`;
}
