/**
 * Checks that the settings of one source of identities fit together.
 */
import { parseHop, touchesLoopback } from "../auth/addresses.js";
import type { Contradiction } from "./relations.js";
import type { Config } from "./schema.js";

/** Keys without an issuer would accept the tokens of everybody, and an issuer without keys would ask for none. */
export function jwtContradictions(config: Config): readonly Contradiction[] {
  const { authJwtJwksFile: file, authJwtJwksUrl: url } = config;
  if (file !== "" && url !== "") {
    const message = "and authJwtJwksUrl exclude each other; remove one";
    return [{ key: "authJwtJwksFile", other: "authJwtJwksUrl", message }];
  }
  const required = ["authJwtIssuer", "authJwtAudience"] as const;
  if (file === "" && url === "") {
    const message = "needs keys; set authJwtJwksFile or authJwtJwksUrl, or remove it";
    const set = required.filter((key) => config[key] !== "");
    return set.map((key) => ({ key, other: "authJwtJwksFile", message }));
  }
  const other = file === "" ? "authJwtJwksUrl" : "authJwtJwksFile";
  const message = `is required with ${other}; set it, so that tokens for others are refused`;
  return required.filter((key) => config[key] === "").map((key) => ({ key, other, message }));
}

/** Whoever may forward identities can be anybody, so nobody may by mistake. */
export function forwardedContradictions(config: Config): readonly Contradiction[] {
  const hops = config.authForwardedFrom.map(parseHop).filter((hop) => hop !== undefined);
  const found: Contradiction[] = [];
  const key = "authForwardedFrom";
  if (!config.authForwardedLoopback && hops.some((hop) => hop.kind !== "id" && touchesLoopback(hop))) {
    const message =
      "has addresses of loopback, from which every local process could forge an identity; remove them, or set authForwardedLoopback: true in a pod";
    found.push({ key, other: "authForwardedLoopback", message });
  }
  if (config.tlsClientAuth === "none" && hops.some(({ kind }) => kind === "id")) {
    const message = "has the id of a certificate, and clients are not asked for one; set tlsClientAuth";
    found.push({ key, other: "tlsClientAuth", message });
  }
  return found;
}
