import type { Principal } from "../core/vocabulary/principal.js";

/** What a call presents. Nothing of it is verified. */
export interface Presented {
  /** The values of one name in the metadata of the call, in the order in which they were sent. */
  metadata(name: string): readonly string[];
  /** The IP address of the connection without its port; `unix` for a connection without one. */
  readonly address: string;
}

/** Who makes a call, or why that is not known. */
export type Identified =
  | { readonly principal: Principal }
  | {
      /** For the audit log alone: it may tell a forger what to mend. One of a fixed set of texts, without any text of the peer. */
      readonly why: string;
      /** Whether the credentials were not verified because too many others wait; undefined otherwise. */
      readonly isBusy?: true;
    };

/** Says who makes calls. */
export interface Authenticator {
  /** Identifies the caller. The promise never rejects, and is settled within seconds. */
  identify(presented: Presented): Identified | Promise<Identified>;
  /** Fetches what is old, so that no call has to wait for it. It is called now and then, and never throws. */
  refresh(): void;
}
