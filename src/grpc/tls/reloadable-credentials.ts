import type { SecureContextOptions } from "node:tls";
import { ServerCredentials } from "@grpc/grpc-js";
import type { TlsOptions } from "./tls-options.js";

/** Credentials of a server whose certificates can be replaced. Open connections keep the ones they began with. */
export class ReloadableCredentials extends ServerCredentials {
  /**
   * @param context - all of it; see {@link tlsContextOf}.
   * @param handshakeTimeoutMs - time that a handshake may take, in milliseconds.
   */
  constructor(
    context: SecureContextOptions,
    { tlsClientAuth }: Pick<TlsOptions, "tlsClientAuth">,
    handshakeTimeoutMs: number,
  ) {
    const fixed = {
      requestCert: tlsClientAuth !== "none",
      rejectUnauthorized: tlsClientAuth === "require",
      handshakeTimeout: handshakeTimeoutMs,
    };
    super({ ...fixed, ...context }, context);
  }

  /** Uses another context for new connections. It must be whole, and it must have been checked. */
  replace(context: SecureContextOptions): void {
    this.updateSecureContextOptions(context);
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}
