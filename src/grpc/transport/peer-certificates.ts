import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { TLSSocket } from "node:tls";
import type { PeerCertificate } from "../../ports/authenticator.js";

/** The certificates of connections. Reading one takes 0.2 ms, so it is done once for each connection. */
export class PeerCertificates {
  readonly #known = new WeakMap<ServerHttp2Session, PeerCertificate | "none">();

  /**
   * The certificate that the peer of a stream presented, be it verified or not.
   *
   * grpc-js hides one that is not verified: a call with it looks like a call without any.
   *
   * @returns undefined if there is none; `unreadable` if the connection is not known, or has closed.
   */
  of(stream: ServerHttp2Stream | undefined): PeerCertificate | "unreadable" | undefined {
    const session = stream?.session as ServerHttp2Session | undefined;
    if (!session || session.destroyed) return "unreadable";
    let known = this.#known.get(session);
    if (known === undefined) {
      try {
        known = read(session);
      } catch {
        // OpenSSL cannot read what the peer sent, or the socket has just closed.
        return "unreadable";
      }
      this.#known.set(session, known);
    }
    return known === "none" ? undefined : known;
  }
}

function read(session: ServerHttp2Session): PeerCertificate | "none" {
  if (!session.encrypted) return "none";
  const socket = session.socket as TLSSocket;
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return "none";
  const { subject, subjectAltName, validTo, raw } = certificate;
  return { isVerified: socket.authorized === true, subject, subjectAltName, validTo, raw };
}
