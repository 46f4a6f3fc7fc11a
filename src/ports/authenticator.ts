import type { Principal } from "../core/vocabulary/principal.js";

/** The certificate that the peer of a connection presented. */
export interface PeerCertificate {
  /** Whether TLS has verified it against the authorities of clients. */
  readonly isVerified: boolean;
  /** Subject, names, end and bytes, as X509Certificate of node:crypto has them. */
  readonly subject: string;
  readonly subjectAltName: string | undefined;
  readonly validTo: string;
  readonly raw: Uint8Array;
}

/** What a call presents. Nothing of it is believed. */
export interface Presented {
  /** The values of one name in the metadata of the call, in the order in which they were sent. */
  metadata(name: string): readonly string[];
  /**
   * The IP address of the connection, without its port and as IPv4 if it is mapped into IPv6; `unix` for a Unix socket; ""
   * if it cannot be found out, for example because the connection has closed.
   */
  address(): string;
  /**
   * The certificate of the connection: the same object for all its calls. Undefined if there is none; `unreadable` if that
   * cannot be found out.
   */
  certificate(): PeerCertificate | "unreadable" | undefined;
}

/** Who makes a call, or why that is not known. */
export type Identified =
  | { readonly principal: Principal }
  | {
      /** For the audit log alone, since it may tell a forger what to mend. One of a fixed set of texts, without any text of the peer. */
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
