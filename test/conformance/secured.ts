/**
 * A server with TLS, tokens and a policy, and what its peers need: for the chapter "secured".
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./languages.js";
import type { Role } from "./scenario.js";
import type { ServerSettings } from "./server.js";

/** What a secured server is started with, and what its peers know. */
export interface Secured {
  readonly settings: ServerSettings;
  /** The same for the scenarios about the policy. */
  readonly restricted: ServerSettings;
  /** The certificate of the authority that signs that of the server. */
  readonly caFile: string;
  /** The token of each role. All of them are tokens of one principal: roles act for each other. */
  readonly tokens: Readonly<Record<Role, string>>;
}

/** Lets the principal of all roles do everything. */
const POLICY = `version: 1
rules:
  - principals: [conformance]
    allow: { request: [">"], produce: [">"], listen: [">"], introspect: [">"] }
`;
/** Keeps that principal from the topics of others, and its producers from `orders`. */
const RESTRICTED = `${POLICY}  - principals: ["*"]
    deny: { request: ["others.>"], produce: ["others.>", "orders"], listen: ["others.>"] }
`;

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Makes certificates, tokens and a policy in a folder that is removed at the end of the process. */
export function createSecured(): Secured {
  const folder = temporaryFolder();
  const file = (name: string, content?: string): string => {
    const path = join(folder, name);
    if (content !== undefined) writeFileSync(path, content);
    return path;
  };
  const openssl = (...args: readonly string[]) =>
    execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
  const [caFile, caKey, key, request, certificate] = ["ca.crt", "ca.key", "s.key", "s.csr", "s.crt"].map(
    (name) => file(name),
  ) as [string, string, string, string, string];
  openssl("req", "-x509", ...KEY, "-keyout", caKey, "-out", caFile, "-subj", "/CN=ca", "-days", "2");
  openssl("req", ...KEY, "-keyout", key, "-out", request, "-subj", "/CN=dispatcher");
  const names = file("s.ext", "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
  const sign = ["-CA", caFile, "-CAkey", caKey, "-CAcreateserial", "-extfile", names, "-days", "2"];
  openssl("x509", "-req", "-in", request, ...sign, "-out", certificate);
  const tokens = {
    producers: "token-of-producers",
    listeners: "token-of-listeners",
    requester: "token-of-requester",
  };
  const entries = Object.values(tokens).map((token) => ({
    id: "conformance",
    sha256: createHash("sha256").update(token).digest("hex"),
  }));
  const settings = {
    tlsCertFile: certificate,
    tlsKeyFile: key,
    authTokensFile: file("tokens.yaml", JSON.stringify(entries)),
    policyFile: file("policy.yaml", POLICY),
  };
  return { caFile, tokens, settings, restricted: { policyFile: file("restricted.yaml", RESTRICTED) } };
}

/** The environment of an adapter that connects to a secured server. */
export function environmentOf({ caFile, tokens }: Secured, role: Role): Readonly<Record<string, string>> {
  return { ATE_DISPATCHER_TLS_CA: caFile, ATE_DISPATCHER_TOKEN: tokens[role] };
}
