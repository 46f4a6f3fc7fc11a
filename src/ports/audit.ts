import type { ReasonName } from "../core/vocabulary/reason.js";

/** A call, or a part of one, that was refused because of who called. */
export interface AuditedRefusal {
  /** The IP address of the connection; `unix` for a Unix socket; "" if it is not known. */
  readonly peer: string;
  readonly reason: ReasonName;
  /** Why, for operators alone. One of a fixed set of texts, without any text of the peer. */
  readonly why: string;
}

/** The log of what was refused because of who called. However much is refused, it has few lines. */
export interface AuditLog {
  refused(refusal: AuditedRefusal): void;
}
