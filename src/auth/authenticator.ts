/** Identifies callers by all sources that are configured. */
import type { Principal } from "../core/vocabulary/principal.js";
import type { Authenticator, Identified, Presented } from "../ports/authenticator.js";
import type { Logger } from "../ports/logger.js";
import { bearerOf } from "./bearer.js";
import type { AuthOptions } from "./options.js";
import { TokenSource } from "./token-source.js";

/** What the sources need. */
export interface AuthServices {
  readonly logger: Logger;
  /** The time of day, in milliseconds since 1970. */
  readonly timeOfDay: () => number;
}

/** The configured sources. */
interface Sources {
  readonly tokens: TokenSource | undefined;
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
  const problems: string[] = [];
  const tokens = options.authTokensFile === "" ? undefined : new TokenSource(options.authTokensFile);
  for (const problem of tokens?.load() ?? []) {
    problems.push(`authTokensFile: ${options.authTokensFile}${problem.startsWith("[") ? "" : " "}${problem}`);
  }
  if (problems.length > 0) return { problems };
  if (!tokens) return { authenticator: undefined };
  return { authenticator: new SourceAuthenticator({ tokens }, services) };
}

const NOTHING: Identified = { why: "no credentials" };

class SourceAuthenticator implements Authenticator {
  constructor(
    private readonly sources: Sources,
    private readonly services: AuthServices,
  ) {}

  identify(presented: Presented): Identified {
    const token = bearerOf(presented);
    if (token === undefined) return NOTHING;
    return typeof token === "string" ? this.#byToken(token) : token;
  }

  reload(): void {
    this.sources.tokens?.reload(this.services.logger);
  }

  #byToken(token: string): Identified {
    const principal = this.sources.tokens?.find(token);
    if (!principal) return { why: "the token is unknown" };
    return this.#isExpired(principal) ? { why: "the token has expired" } : { principal };
  }

  #isExpired({ expiresAt }: Principal): boolean {
    return expiresAt !== undefined && this.services.timeOfDay() >= expiresAt;
  }
}
