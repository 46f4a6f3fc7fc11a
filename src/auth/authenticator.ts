/** Identifies callers by all sources that are configured. */
import type { Principal } from "../core/vocabulary/principal.js";
import type { Authenticator, Identified, Presented } from "../ports/authenticator.js";
import type { Logger } from "../ports/logger.js";
import { bearerOf } from "./bearer.js";
import { isCompactJwt, JwtVerifier, type Verdict } from "./jwt.js";
import { KeysInFile } from "./keys.js";
import { KeysByUrl } from "./keys-by-url.js";
import type { AuthOptions } from "./options.js";
import { TokenSource } from "./token-source.js";

/** What the sources need. */
export interface AuthServices {
  readonly logger: Logger;
  /** The monotonic time, in milliseconds. */
  readonly now: () => number;
  /** The time of day, in milliseconds since 1970. */
  readonly timeOfDay: () => number;
}

/** A file that is read again when it changes. */
interface Reloaded {
  load(): readonly string[];
  reload(logger: Logger): void;
}

/** The configured sources. */
interface Sources {
  readonly tokens: TokenSource | undefined;
  readonly jwt: JwtVerifier | undefined;
  readonly files: readonly Reloaded[];
}

/** An authenticator, or why there can be none. */
export type Created =
  | { readonly authenticator: Authenticator | undefined }
  | {
      /** One line each, which begins with the name of the setting. */
      readonly problems: readonly string[];
    };

/** Creates the authenticator of the settings. Without a source there is none: everybody may call. */
export function createAuthenticator(options: AuthOptions, services: AuthServices): Created {
  const { authTokensFile, authJwtJwksFile, authJwtJwksUrl } = options;
  const tokens = authTokensFile === "" ? undefined : new TokenSource(authTokensFile);
  const keyFile = authJwtJwksFile === "" ? undefined : new KeysInFile(authJwtJwksFile);
  const problems = [
    ...problemsOf("authTokensFile", authTokensFile, tokens),
    ...problemsOf("authJwtJwksFile", authJwtJwksFile, keyFile),
  ];
  if (problems.length > 0) return { problems };
  const keys = keyFile ?? (authJwtJwksUrl === "" ? undefined : keysByUrl(options, services));
  const jwt = keys && new JwtVerifier(keys, options, services.timeOfDay);
  if (!tokens && !jwt) return { authenticator: undefined };
  const files = [tokens, keys].filter((file) => file !== undefined);
  return { authenticator: new SourceAuthenticator({ tokens, jwt, files }, services) };
}

function problemsOf(setting: string, path: string, file: Reloaded | undefined): readonly string[] {
  return (file?.load() ?? []).map(
    (problem) => `${setting}: ${path}${problem.startsWith("[") ? "" : " "}${problem}`,
  );
}

function keysByUrl(options: AuthOptions, { logger, now }: AuthServices): KeysByUrl {
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

  reload(): void {
    for (const file of this.sources.files) file.reload(this.services.logger);
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
