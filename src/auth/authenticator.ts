/** Identifies callers by all sources that are configured. */
import type { Principal } from "../core/vocabulary/principal.js";
import type { Authenticator, Identified, Presented } from "../ports/authenticator.js";
import type { Logger } from "../ports/logger.js";
import { type AuthFile, authFile } from "./auth-file.js";
import { bearerOf } from "./bearer.js";
import { isCompactJwt, JwtVerifier, type Verdict } from "./jwt.js";
import { type KeySet, parseKeySet } from "./key-set.js";
import { ReplacedKeys } from "./keys.js";
import { KeysByUrl } from "./keys-by-url.js";
import type { AuthOptions } from "./options.js";
import { StaticTokens } from "./static-tokens.js";
import { parseTokens } from "./token-file.js";

/** What the sources need. */
export interface AuthServices {
  readonly logger: Logger;
  /** The monotonic time, in milliseconds. */
  readonly now: () => number;
  /** The time of day, in milliseconds since 1970. */
  readonly timeOfDay: () => number;
}

/** The configured sources. */
interface Sources {
  /** Undefined if there are no static tokens. */
  readonly tokens: StaticTokens | undefined;
  readonly jwt: JwtVerifier | undefined;
  readonly keysByUrl: KeysByUrl | undefined;
}

/** An authenticator, and the files that it needs. */
export interface Created {
  readonly authenticator: Authenticator;
  /** They must be read before the first call. */
  readonly files: readonly AuthFile[];
}

/** Creates the authenticator of the settings; undefined without a source: then everybody may call. */
export function createAuthenticator(options: AuthOptions, services: AuthServices): Created | undefined {
  const { authTokensFile, authJwtJwksFile, authJwtJwksUrl } = options;
  const files: AuthFile[] = [];
  const tokens = authTokensFile === "" ? undefined : new StaticTokens();
  if (tokens) {
    const place = ["authTokensFile", authTokensFile] as const;
    files.push(authFile("tokens", place, parseTokens, (content) => tokens.replace(content)));
  }
  const keysInFile = authJwtJwksFile === "" ? undefined : new ReplacedKeys();
  if (keysInFile) {
    const place = ["authJwtJwksFile", authJwtJwksFile] as const;
    const use = (content: KeySet): void => {
      keysInFile.current = content;
    };
    files.push(authFile("keys of the issuer", place, parseKeySet, use));
  }
  const keysByUrl = authJwtJwksUrl === "" ? undefined : keysByUrlOf(options, services);
  const keys = keysInFile ?? keysByUrl;
  const jwt = keys && new JwtVerifier(keys, options, services.timeOfDay);
  if (!tokens && !jwt) return undefined;
  return { authenticator: new SourceAuthenticator({ tokens, jwt, keysByUrl }, services), files };
}

function keysByUrlOf(options: AuthOptions, { logger, now }: AuthServices): KeysByUrl {
  const { authJwtJwksUrl: url, authJwtJwksMaxStaleMs: maxStaleMs } = options;
  return new KeysByUrl({ url, maxStaleMs, logger, now });
}

const NOTHING: Identified = { why: "no credentials" };

class SourceAuthenticator implements Authenticator {
  constructor(
    private readonly sources: Sources,
    private readonly services: AuthServices,
  ) {}

  identify(presented: Presented): Identified | Promise<Identified> {
    const token = bearerOf(presented);
    if (token === undefined) return NOTHING;
    return typeof token === "string" ? this.#byToken(token, presented) : token;
  }

  refresh(): void {
    this.sources.keysByUrl?.refresh();
  }

  /** Static tokens come first: somebody may have given one the form of a JWT. */
  #byToken(token: string, presented: Presented): Identified | Promise<Identified> {
    const { tokens, jwt } = this.sources;
    const principal = tokens?.find(token);
    if (principal) return this.#isExpired(principal) ? { why: "the token has expired" } : { principal };
    if (!jwt || !isCompactJwt(token)) return { why: "the token is unknown" };
    const verdict = jwt.verify(token, presented.address);
    return verdict instanceof Promise ? verdict.then(accept) : accept(verdict);
  }

  #isExpired({ expiresAt }: Principal): boolean {
    return expiresAt !== undefined && this.services.timeOfDay() >= expiresAt;
  }
}

function accept(verdict: Verdict): Identified {
  if ("why" in verdict) return verdict;
  if (verdict.boundTo === undefined) return verdict;
  return { why: "the token is bound to a certificate, and the connection has none" };
}
