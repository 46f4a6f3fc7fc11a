/**
 * Checks the files of TLS as a whole before they are used.
 */
import { constants, createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { crlExpiry } from "./crl-dates.js";
import type { TlsOptions } from "./tls-options.js";

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The contents of the files; undefined for a file that is not configured. */
export interface TlsFiles {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly clientCa: Buffer | undefined;
  readonly clientCrl: Buffer | undefined;
}

/**
 * The context of TLS connections with these files.
 *
 * All options stand in every context: what is left out when a context is replaced falls back to the default of Node, such as
 * TLS 1.2, or no CA of clients.
 *
 * @param now - the time of day, in milliseconds since the Unix epoch.
 * @throws Error that names the setting, and says what is wrong with its file.
 */
export function tlsContextOf(files: TlsFiles, options: TlsOptions, now: number): SecureContextOptions {
  const { cert, key, clientCa, clientCrl } = files;
  const [certificate] = inFile("tlsCertFile", options, () => certificatesIn(cert));
  inFile("tlsCertFile", options, () => checkDates(certificate as X509Certificate, now));
  const privateKey = inFile("tlsKeyFile", options, () => privateKeyIn(key));
  inFile("tlsKeyFile", options, () => {
    if (!certificate?.checkPrivateKey(privateKey)) throw new Error("is not the key of tlsCertFile");
  });
  if (clientCa) {
    inFile("tlsClientCaFile", options, () => {
      const valid = certificatesIn(clientCa).filter((ca) => Date.parse(ca.validTo) > now);
      if (valid.length === 0) throw new Error("has only certificates that have expired");
    });
  }
  if (clientCrl) {
    inFile("tlsClientCrlFile", options, () => {
      if (crlExpiry(clientCrl) <= now) throw new Error("has a list that has expired");
    });
  }
  const context: SecureContextOptions = {
    cert,
    key,
    ...(clientCa ? { ca: clientCa } : {}),
    ...(clientCrl ? { crl: clientCrl } : {}),
    minVersion: options.tlsMinVersion === "1.2" ? "TLSv1.2" : "TLSv1.3",
    // A ticket that is resumed after the certificate of its client has expired would count as verified.
    ...(options.tlsClientAuth === "none" ? {} : { secureOptions: constants.SSL_OP_NO_TICKET }),
  };
  inFile("tlsCertFile", options, () => createSecureContext(context));
  return context;
}

function certificatesIn(pem: Buffer): readonly X509Certificate[] {
  const found = pem.toString("latin1").match(PEM_CERTIFICATE) ?? [];
  if (found.length === 0) throw new Error("has no certificate in PEM");
  return found.map((text) => new X509Certificate(text));
}

function checkDates({ validFrom, validTo }: X509Certificate, now: number): void {
  if (Date.parse(validTo) <= now) throw new Error(`has a certificate that expired at ${validTo}`);
  if (Date.parse(validFrom) > now) throw new Error(`has a certificate that is not valid before ${validFrom}`);
}

function privateKeyIn(pem: Buffer): KeyObject {
  if (pem.includes("ENCRYPTED")) throw new Error("is encrypted; store the key without a passphrase");
  return createPrivateKey(pem);
}

/** Says in which file an error is. The text of an error of OpenSSL has no bytes of the file. */
function inFile<T>(
  setting: "tlsCertFile" | "tlsKeyFile" | "tlsClientCaFile" | "tlsClientCrlFile",
  options: TlsOptions,
  read: () => T,
): T {
  try {
    return read();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${setting}: ${options[setting]} ${why}`, { cause: error });
  }
}
