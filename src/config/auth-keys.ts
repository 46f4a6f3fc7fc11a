/**
 * The configuration keys that say who may call.
 */
import { parseHop } from "../auth/addresses.js";
import { FORWARDED_HEADERS } from "../auth/forwarded.js";
import type { AuthOptions } from "../auth/options.js";
import { choice, type Definition, duration, file, list, text, toggle, url, words } from "./definition.js";

const HOUR = 3_600_000;

/** The keys of authentication. The compiler reports an option that is missing here. */
export const AUTH_KEYS: { readonly [K in keyof AuthOptions]: Definition<AuthOptions[K]> } = {
  policyFile: file(
    "YAML file with the policy: which principals may do what, on which topics",
    "Needed as soon as callers are authenticated; without authentication it says what anonymous callers may do.",
  ),
  authTokensFile: file(
    "YAML file with the digests of static tokens; with it, calls without valid credentials are UNAUTHENTICATED",
    "Without a source of identities everybody may call, as before.",
  ),
  tlsAllowCommonName: toggle(
    false,
    "Whether a client certificate without a URI and a DNS name is named by its common name",
    "Authorities check alternative names; anything may stand in a common name.",
  ),
  authJwtJwksFile: file(
    "File with the public keys of an issuer of JWTs, a JSON Web Key Set; its tokens are then valid credentials",
    "Keys that are in a file need no network; it is read again when it changes.",
  ),
  authJwtJwksUrl: url(
    "URL of that key set, instead of a file",
    "An issuer that rotates its keys publishes them; a redirect, more than 1 MiB or more than 5 s are a failure.",
  ),
  authJwtJwksMaxStaleMs: duration(
    HOUR,
    1_000,
    24 * HOUR,
    "Maximum time that fetched keys are used while they cannot be fetched again; then JWTs are refused",
    "An issuer is back within the hour; a key that is withdrawn does not outlive it by more.",
  ),
  authJwtIssuer: text(
    "",
    "What the claim iss of a JWT must be; required with keys",
    "The keys of an issuer may serve several of its tenants.",
  ),
  authJwtAudience: text(
    "",
    "What the claim aud of a JWT must be or contain; required with keys",
    "Tokens for other services would be valid here.",
  ),
  authJwtAlgorithms: words(
    ["RS256", "ES256", "EdDSA"],
    "Algorithms with which a JWT may be signed",
    "Shared secrets and unsigned tokens are never accepted; name the one that your issuer uses.",
  ),
  authJwtPrincipalClaim: text(
    "sub",
    "Claim of a JWT that is the id of the principal",
    "Every JWT needs the claim sub, whichever is the id.",
  ),
  authJwtGroupsClaim: text(
    "groups",
    "Claim of a JWT that is the list of the groups of the principal",
    "The usual name; a token without it has no groups.",
  ),
  authForwardedFrom: list(
    "CIDRs, unix: or ids of certificates",
    (text) => parseHop(text) !== undefined,
    "Proxies that may forward the identity of their clients; a header from anybody else is ignored",
    "Whoever can reach the server from such an address can be anybody.",
  ),
  authForwardedHeader: choice(
    "xfcc",
    FORWARDED_HEADERS,
    "Header with the forwarded identity: x-forwarded-client-cert of Envoy, or l5d-client-id of Linkerd",
    "Envoy and meshes built on it send it; the last element counts, and needs exactly one SPIFFE id.",
  ),
  authForwardedLoopback: toggle(
    false,
    "Whether `authForwardedFrom` may have addresses of loopback",
    "Every local process could forge an identity; that is fine in a pod, where the proxy is the only one.",
  ),
};
