import type { Presented } from "../ports/authenticator.js";

/** The longest token that is looked at, in characters. Nothing else bounds the work that a digest takes. */
const MAX_TOKEN_LENGTH = 16_384;

/** The grammar of RFC 6750; the name of a scheme has no case. */
const BEARER = /^bearer +([\w.~+/-]+=*)$/i;

/** The token of a call; undefined if it presents none. An `authorization` that is anything else has a reason why. */
export function bearerOf(presented: Presented): string | { readonly why: string } | undefined {
  const [value, ...more] = presented.metadata("authorization");
  if (value === undefined) return undefined;
  if (more.length > 0) return { why: "the call has several tokens" };
  if (value.length > MAX_TOKEN_LENGTH) return { why: "the token is too long" };
  return BEARER.exec(value)?.[1] ?? { why: "authorization is no Bearer token" };
}
