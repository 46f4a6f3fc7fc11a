/**
 * Checks who can reach the server, and that TLS is configured as a whole.
 */
import { isLocal, type ListenAddress, parseListenAddress } from "./address.js";
import type { Contradiction } from "./relations.js";
import type { Config, ConfigKey } from "./schema.js";

/** The settings that name the sources of identities. Empty if callers are anonymous. */
export function authSourcesOf(config: Config): readonly ConfigKey[] {
  const found: ConfigKey[] = [];
  for (const key of ["authTokensFile", "authJwtJwksFile", "authJwtJwksUrl"] as const) {
    if (config[key] !== "") found.push(key);
  }
  if (config.authForwardedFrom.length > 0) found.push("authForwardedFrom");
  if (config.tlsClientAuth !== "none") found.push("tlsClientAuth");
  return found;
}

/** Whether connections to an address use TLS: as the address says, else if it is no Unix socket and there is a certificate. */
export function usesTls(
  { isSecure, network }: ListenAddress,
  { tlsCertFile }: Pick<Config, "tlsCertFile">,
): boolean {
  return isSecure ?? (network !== undefined && tlsCertFile !== "");
}

/** The settings of TLS that do not fit together. */
export function tlsContradictions(config: Config): readonly Contradiction[] {
  const { tlsCertFile, tlsKeyFile, tlsClientCaFile, tlsClientCrlFile, tlsClientAuth } = config;
  const found: Contradiction[] = [];
  const needs = (key: ConfigKey, other: ConfigKey, message: string): void => {
    found.push({ key, other, message });
  };
  if (tlsCertFile !== "" && tlsKeyFile === "")
    needs("tlsCertFile", "tlsKeyFile", "needs its private key; set tlsKeyFile");
  if (tlsKeyFile !== "" && tlsCertFile === "")
    needs("tlsKeyFile", "tlsCertFile", "needs its certificate; set tlsCertFile");
  if (tlsClientAuth !== "none" && tlsClientCaFile === "")
    needs("tlsClientAuth", "tlsClientCaFile", "needs the CA of the clients; set tlsClientCaFile");
  if (tlsClientAuth !== "none" && tlsCertFile === "")
    needs("tlsClientAuth", "tlsCertFile", "needs TLS; set tlsCertFile and tlsKeyFile");
  if (tlsClientCaFile !== "" && tlsClientAuth === "none")
    needs("tlsClientCaFile", "tlsClientAuth", "is not used; set tlsClientAuth to request or require");
  if (tlsClientCrlFile !== "" && tlsClientCaFile === "")
    needs("tlsClientCrlFile", "tlsClientCaFile", "needs the CA of the clients; set tlsClientCaFile");
  const secure = listenAddresses(config).find(({ isSecure }) => isSecure);
  if (secure && tlsCertFile === "")
    needs("listen", "tlsCertFile", `says TLS for ${secure.target}; set tlsCertFile and tlsKeyFile`);
  return found;
}

/** Authentication without a policy: everybody who has credentials could do everything. */
export function policyContradictions(config: Config): readonly Contradiction[] {
  const [source] = authSourcesOf(config);
  if (source === undefined || config.policyFile !== "") return [];
  const message = "needs a policy that says what principals may do; set policyFile";
  return [{ key: source, other: "policyFile", message }];
}

/** Addresses that other machines can reach, and that have no TLS or no authentication although nobody said so. */
export function exposures(config: Config): readonly Contradiction[] {
  const open = listenAddresses(config).filter((address) => !isLocal(address));
  const found: Contradiction[] = [];
  const plain = open.find((address) => !usesTls(address, config));
  if (plain && !config.insecure) {
    const message = `other machines can reach ${plain.target}, which has no TLS; set tlsCertFile and tlsKeyFile, or insecure: true behind a mesh that encrypts, or listen on 127.0.0.1`;
    found.push({ key: "listen", other: "insecure", message });
  }
  const [reachable] = open;
  if (reachable && !config.allowAnonymous && authSourcesOf(config).length === 0) {
    const message = `other machines can reach ${reachable.target}, which has no authentication; set authTokensFile, authJwtJwksUrl or tlsClientAuth, or allowAnonymous: true if everybody there may do everything, or listen on 127.0.0.1`;
    found.push({ key: "listen", other: "allowAnonymous", message });
  }
  return found;
}

function listenAddresses({ listen }: Config): readonly ListenAddress[] {
  return listen.map(parseListenAddress).filter((address) => address !== undefined);
}
