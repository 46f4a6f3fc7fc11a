/**
 * The configuration keys of TLS, and of what the server may offer to other machines.
 */
import type { TlsOptions } from "../grpc/tls/tls-options.js";
import { choice, type Definition, file, toggle } from "./definition.js";

/** What the server may offer to other machines. */
export interface ExposureOptions {
  /** Whether the server serves other machines without TLS. Default false. */
  readonly insecure: boolean;
  /** Whether the server serves other machines without authentication. Default false. */
  readonly allowAnonymous: boolean;
}

/** The keys of TLS. */
export const TLS_KEYS: { readonly [K in keyof TlsOptions]: Definition<TlsOptions[K]> } = {
  tlsCertFile: file(
    "Certificate of the server in PEM, with intermediate certificates behind it; turns TLS on",
    "Read again every 10 s and at SIGHUP; a set of files that does not fit together is refused, and the old one stays.",
  ),
  tlsKeyFile: file(
    "Private key of `tlsCertFile` in PEM, not encrypted",
    "Certificate and key are checked against each other before they are used.",
  ),
  tlsClientCaFile: file(
    "Certificates in PEM that sign those of clients",
    "Without it no client certificate can be verified, so `tlsClientAuth` needs it.",
  ),
  tlsClientCrlFile: file(
    "Lists of revoked client certificates in PEM, one of each CA",
    "A revoked certificate is refused at the next connection; a list that has expired is refused, and the old one stays.",
  ),
  tlsClientAuth: choice(
    "none",
    ["none", "request", "require"],
    "Whether clients are asked for a certificate (request), and whether they must have one (require)",
    "With request, clients without a certificate can still identify themselves by a token.",
  ),
  tlsMinVersion: choice(
    "1.3",
    ["1.2", "1.3"],
    "Oldest version of TLS",
    "Every supported client speaks TLS 1.3; set 1.2 for an old proxy.",
  ),
};

/** The keys of what the server may offer to other machines. */
export const EXPOSURE_KEYS: { readonly [K in keyof ExposureOptions]: Definition<ExposureOptions[K]> } = {
  insecure: toggle(
    false,
    "Whether to serve other machines without TLS",
    "Only behind a mesh or proxy that encrypts: everybody on the way can read and change what is sent.",
  ),
  allowAnonymous: toggle(
    false,
    "Whether to serve other machines without authentication",
    "Only if everybody who can reach the address may do everything.",
  ),
};
