/**
 * Identifies the caller of each call before anything of the call is processed, and keeps who it is until the call ends.
 *
 * Who a caller is may take a moment to find out. Until then grpc-js reads nothing of the call: its stream is paused until a
 * handler asks for the first message. So the bytes of a peer that waits stay within the windows of HTTP/2.
 */
import type { ServerHttp2Stream } from "node:http2";
import type { Metadata } from "@grpc/grpc-js";
import { peerOf } from "../../core/vocabulary/peer.js";
import { ANONYMOUS, type Caller, type Principal, type Rights } from "../../core/vocabulary/principal.js";
import { refusal } from "../../core/vocabulary/reason.js";
import type { ActivityLog } from "../../ports/activity.js";
import type { AuditLog } from "../../ports/audit.js";
import type { Authenticator, Identified, Presented } from "../../ports/authenticator.js";
import type { Logger } from "../../ports/logger.js";
import type { Runtime } from "../../ports/runtime.js";
import { type GrpcStatus, grpcStatus, INTERNAL_ERROR } from "../wire/status.js";
import { addressOf } from "./peer-address.js";
import { PeerCertificates } from "./peer-certificates.js";

/** The service that probes call. Everybody may, as nothing is told but whether the server works. */
const HEALTH = "/grpc.health.v1.Health/";

/** Methods whose streams are sessions of a peer. */
const SESSIONS: ReadonlySet<string> = new Set(
  ["Produce", "Listen", "Subscribe", "Submit"].map((name) => `/ate.dispatcher.v1.DispatcherService/${name}`),
);

/** The same status for every reason: what is wrong with a token is for the audit log, not for a forger. */
const UNAUTHENTICATED = grpcStatus(
  refusal(
    "UNAUTHENTICATED",
    "the call has no valid credentials; send a valid token as authorization: Bearer, or a client certificate",
  ),
);
const BUSY = grpcStatus(
  refusal(
    "OVERLOADED",
    "too many credentials wait to be verified; retry, and use one token for many calls",
    {},
    1_000,
  ),
);

/** A caller that is not known because of a bug. */
const NOBODY: Caller = {
  principal: ANONYMOUS,
  rights: {
    refusalOf: () => refusal("NOT_ALLOWED", "the caller is not known"),
    allowsAny: () => false,
    sharesGroupOn: () => false,
  },
};

/** Services that authentication needs. */
export interface AuthenticationServices {
  readonly authenticator: Authenticator;
  /** What a principal may do. */
  readonly rightsOf: (principal: Principal) => Rights;
  readonly logger: Logger;
  readonly runtime: Pick<Runtime, "inTurn">;
  readonly activity: ActivityLog;
  readonly audit: AuditLog;
}

/** A call that has just begun. */
export interface NewCall {
  /** The path of its method. */
  readonly path: string;
  /** The address of its connection, with the port. */
  readonly peer: string;
  /** Undefined if internals of grpc-js are missing. */
  readonly stream: ServerHttp2Stream | undefined;
  readonly metadata: Metadata;
  /** Whether the call has ended; then nothing is called any more. */
  readonly isOver: () => boolean;
  /** The caller is known, or need not be: the call goes on. */
  readonly admit: () => void;
  /** Ends the call. */
  readonly refuse: (status: GrpcStatus) => void;
}

/** The callers of all open calls. */
export class Authentication {
  /** By the metadata of the call, the one object that interceptors and handlers of grpc-js both see. */
  readonly #callers = new WeakMap<object, Caller>();
  readonly #certificates = new PeerCertificates();
  readonly #services: AuthenticationServices;

  constructor(services: AuthenticationServices) {
    this.#services = services;
  }

  /** Admits or refuses a call, at once if its credentials need no more than a look-up. */
  begin(call: NewCall): void {
    if (call.path.startsWith(HEALTH)) {
      call.admit();
      return;
    }
    let found: Identified | Promise<Identified>;
    try {
      found = this.#services.authenticator.identify(this.#presentedBy(call));
    } catch (bug) {
      this.#failed(call, bug);
      return;
    }
    if (!(found instanceof Promise)) {
      this.#settle(call, found);
      return;
    }
    found
      .then((later) => {
        // A thousand calls may have waited for the same keys.
        this.#services.runtime.inTurn({ peer: peerOf(call.peer).key }, () => {
          if (!call.isOver()) this.#settle(call, later);
        });
      })
      .catch((bug: unknown) => this.#failed(call, bug));
  }

  /** Who makes a call that was admitted, and what they may do. */
  callerOf(call: { readonly metadata?: object }): Caller {
    const caller = call.metadata && this.#callers.get(call.metadata);
    if (caller) return caller;
    this.#services.logger.error({}, "a call was admitted without a caller because of a bug");
    return NOBODY;
  }

  #settle(call: NewCall, found: Identified): void {
    if ("principal" in found) {
      const { principal } = found;
      try {
        this.#callers.set(call.metadata, { principal, rights: this.#services.rightsOf(principal) });
      } catch (bug) {
        this.#failed(call, bug);
        return;
      }
      if (this.#services.activity.isEnabled && SESSIONS.has(call.path)) this.#logSession(call, principal);
      call.admit();
    } else {
      const reason = found.isBusy ? "OVERLOADED" : "UNAUTHENTICATED";
      this.#services.audit.refused({ peer: addressOf(call.stream), reason, why: found.why });
      call.refuse(found.isBusy ? BUSY : UNAUTHENTICATED);
    }
  }

  /** grpc-js would end the process: it calls from an event of the connection. */
  #failed(call: NewCall, bug: unknown): void {
    this.#services.logger.error({ err: bug }, "a call failed because of a bug");
    if (!call.isOver()) call.refuse(INTERNAL_ERROR);
  }

  #logSession({ path, peer }: NewCall, { id, source, groups }: Principal): void {
    this.#services.activity.write("session identified", {
      method: path,
      peer,
      principal: id,
      source,
      groups,
    });
  }

  #presentedBy({ metadata, stream }: NewCall): Presented {
    return {
      metadata: (name) => metadata.get(name).map(String),
      address: () => addressOf(stream),
      certificate: () => this.#certificates.of(stream),
    };
  }
}
