/** Identifies callers by all sources that are configured. */
import type { Principal } from "../core/vocabulary/principal.js";
import type { Authenticator, Identified, Presented } from "../ports/authenticator.js";
import type { Logger } from "../ports/logger.js";
import { type AuthFile, authFile } from "./auth-file.js";
import { bearerOf } from "./bearer.js";
import { type CertificateIdentity, CertificateReader } from "./certificate.js";
import { ForwardedSource } from "./forwarded-source.js";
import { isCompactJwt, JwtVerifier, type Verdict } from "./jwt.js";
import { type KeySet, parseKeySet } from "./key-set.js";
import { ReplacedKeys } from "./keys.js";
import { KeysByUrl } from "./keys-by-url.js";
import type { AuthOptions, AuthSettings } from "./options.js";
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
  /** Undefined if clients are not asked for certificates. */
  readonly certificates: CertificateReader | undefined;
  readonly keysByUrl: KeysByUrl | undefined;
  /** Undefined if nobody may forward identities. */
  readonly forwarded: ForwardedSource | undefined;
}

/** An authenticator, and the files that it needs. */
export interface Created {
  readonly authenticator: Authenticator;
  /** They must be read before the first call. */
  readonly files: readonly AuthFile[];
}

/**
 * Creates the authenticator of the settings; undefined without a source: then everybody may call.
 *
 * Each credential of a call must be valid. A token names the principal, else the certificate, else the header of a
 * trusted proxy.
 */
export function createAuthenticator(options: AuthSettings, services: AuthServices): Created | undefined {
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
  const { tlsClientAuth, tlsAllowCommonName } = options;
  const certificates = tlsClientAuth === "none" ? undefined : new CertificateReader(tlsAllowCommonName);
  const { authForwardedFrom, authForwardedHeader } = options;
  const forwarded =
    authForwardedFrom.length === 0 ? undefined : new ForwardedSource(authForwardedHeader, authForwardedFrom);
  if (!tokens && !jwt && !certificates && !forwarded) return undefined;
  const sources = { tokens, jwt, certificates, keysByUrl, forwarded };
  return { authenticator: new SourceAuthenticator(sources, services), files };
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
    const certificate = this.#certificateOf(presented);
    if (certificate && "why" in certificate) return certificate;
    const certificateId = certificate?.principal.id;
    const forwarded = this.sources.forwarded?.read(presented, certificateId);
    if (forwarded && "why" in forwarded) return forwarded;
    const token = bearerOf(presented);
    if (token === undefined) {
      // The certificate of a proxy vouches for the header, and says nothing of the caller.
      const isForwarded = forwarded && this.sources.forwarded?.isHop(certificateId);
      return (isForwarded ? forwarded : certificate) ?? forwarded ?? NOTHING;
    }
    return typeof token === "string" ? this.#byToken(token, presented, certificate?.thumbprint) : token;
  }

  refresh(): void {
    this.sources.keysByUrl?.refresh();
  }

  /** A certificate that is not valid is no reason to look at the other credentials: somebody has a key to lose. */
  #certificateOf(presented: Presented): CertificateIdentity | { readonly why: string } | undefined {
    const { certificates } = this.sources;
    const certificate = certificates && presented.certificate();
    if (certificate === "unreadable") return { why: "the connection cannot be read" };
    return certificate && certificates.read(certificate, this.services.timeOfDay());
  }

  /** Static tokens come first: somebody may have given one the form of a JWT. */
  #byToken(
    token: string,
    presented: Presented,
    thumbprint: string | undefined,
  ): Identified | Promise<Identified> {
    const { tokens, jwt } = this.sources;
    const principal = tokens?.find(token);
    if (principal) return this.#isExpired(principal) ? { why: "the token has expired" } : { principal };
    if (!jwt || !isCompactJwt(token)) return { why: "the token is unknown" };
    const verdict = jwt.verify(token, presented.address());
    return verdict instanceof Promise
      ? verdict.then((later) => accept(later, thumbprint))
      : accept(verdict, thumbprint);
  }

  #isExpired({ expiresAt }: Principal): boolean {
    return expiresAt !== undefined && this.services.timeOfDay() >= expiresAt;
  }
}

/** @param thumbprint - of the certificate of the connection; undefined without one that counts. */
function accept(verdict: Verdict, thumbprint: string | undefined): Identified {
  if ("why" in verdict || verdict.boundTo === undefined || verdict.boundTo === thumbprint) return verdict;
  return { why: "the token is bound to another certificate than that of the connection" };
}
