/**
 * Who calls, and what callers may do.
 */
import type { Refusal } from "./reason.js";

/** Where an identity comes from. */
export type IdentitySource = "anonymous" | "certificate" | "jwt" | "token" | "forwarded";

/** Somebody who calls. */
export interface Principal {
  /** Unique among principals; "" for the anonymous one. At most 255 bytes of UTF-8, without control characters. */
  readonly id: string;
  readonly source: IdentitySource;
  /** The groups that it belongs to, without the prefix `group:` of policies. */
  readonly groups: readonly string[];
  /** When its credentials expire, in milliseconds since the Unix epoch; undefined if never. */
  readonly expiresAt: number | undefined;
}

/** Everybody, while callers are not authenticated. */
export const ANONYMOUS: Principal = { id: "", source: "anonymous", groups: [], expiresAt: undefined };

/** Something that a principal may do. */
export type Action = "request" | "produce" | "listen" | "introspect" | "administer";

/** What one principal may do. */
export interface Rights {
  /**
   * Why an action on a topic or a pattern is refused; undefined if it is allowed. A pattern is refused as a whole if it
   * covers a topic that is not allowed.
   *
   * @param pattern - as the peer wrote it; it may be malformed.
   */
  refusalOf(action: Action, pattern: string): Refusal | undefined;
  /** Whether an action is allowed on any topic. */
  allowsAny(action: Action): boolean;
  /** Whether a group that is named with this topic or pattern is shared with other principals. */
  sharesGroupOn(pattern: string): boolean;
}

/** The rights of everybody, while no policy is set. */
export const ALL_RIGHTS: Rights = {
  refusalOf: () => undefined,
  allowsAny: () => true,
  sharesGroupOn: () => false,
};

/** Who makes a call, and what they may do. */
export interface Caller {
  readonly principal: Principal;
  readonly rights: Rights;
}

/** Every caller, while callers are not authenticated. */
export const ANYBODY: Caller = { principal: ANONYMOUS, rights: ALL_RIGHTS };
