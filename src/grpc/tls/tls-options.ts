/** Settings of TLS. Every one has a default in the configuration schema. */
export interface TlsOptions {
  /** Path of the server's certificate in PEM, with intermediate certificates behind it; "" for no TLS. Default "". */
  readonly tlsCertFile: string;
  /** Path of the private key of the certificate, in PEM. Default "". */
  readonly tlsKeyFile: string;
  /** Path of the certificates, in PEM, that sign those of clients; "" for none. Default "". */
  readonly tlsClientCaFile: string;
  /** Path of lists of revoked client certificates, in PEM; "" for none. Default "". */
  readonly tlsClientCrlFile: string;
  /** Whether clients are asked for a certificate, and whether they must have one. Default `none`. */
  readonly tlsClientAuth: "none" | "request" | "require";
  /** The oldest accepted version of TLS. Default `1.3`. */
  readonly tlsMinVersion: "1.2" | "1.3";
}
