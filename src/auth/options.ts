import type { ForwardedHeader } from "./forwarded.js";

/** The algorithms that a signature may have. `none` and shared secrets are not among them. */
export const JWT_ALGORITHMS = ["RS256", "ES256", "EdDSA"] as const;

/** The name of an algorithm. */
export type JwtAlgorithm = (typeof JWT_ALGORITHMS)[number];

/** Settings that say who may call. Without any source, everybody may. Every one has a default in the configuration schema. */
export interface AuthOptions {
  /** Path of the policy: what callers may do; "" for no policy, so that everybody may do everything. Default "". */
  readonly policyFile: string;
  /** A YAML file with the digests of static tokens. Default "": no static tokens. */
  readonly authTokensFile: string;
  /** Whether a client certificate without a URI and a DNS name is named by its common name. Default false. */
  readonly tlsAllowCommonName: boolean;
  /** A file with the public keys of the issuer of JWTs, as a JSON Web Key Set. Default "": none. */
  readonly authJwtJwksFile: string;
  /** The URL of that set, https or on loopback; instead of a file. Default "": none. */
  readonly authJwtJwksUrl: string;
  /** How long the keys of the URL are used after they were fetched, in milliseconds. Default 1 h. */
  readonly authJwtJwksMaxStaleMs: number;
  /** What the claim `iss` of a JWT must be. Required with keys. */
  readonly authJwtIssuer: string;
  /** What the claim `aud` of a JWT must be or contain. Required with keys. */
  readonly authJwtAudience: string;
  /** The algorithms that are accepted. Default: all of {@link JWT_ALGORITHMS}. */
  readonly authJwtAlgorithms: readonly JwtAlgorithm[];
  /** The claim that is the id of the principal. Default `sub`. */
  readonly authJwtPrincipalClaim: string;
  /** The claim that lists the groups of the principal. Default `groups`. */
  readonly authJwtGroupsClaim: string;
  /** Proxies that may forward identities: CIDRs, `unix:`, or the ids in their certificates. Default: none. */
  readonly authForwardedFrom: readonly string[];
  /** The header that has the identity. Default `xfcc`. */
  readonly authForwardedHeader: ForwardedHeader;
  /** Whether a proxy on loopback may forward identities. Default false. */
  readonly authForwardedLoopback: boolean;
}

/** All settings that authentication depends on. */
export interface AuthSettings extends AuthOptions {
  /** Whether clients are asked for certificates; with anything but `none`, a certificate is a credential. */
  readonly tlsClientAuth: "none" | "request" | "require";
}
