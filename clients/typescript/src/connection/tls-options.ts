import { type ChannelCredentials, type ChannelOptions, credentials } from "@grpc/grpc-js";
import { errorText } from "../error-text.js";
import { invalidArgument } from "../errors.js";

/** TLS of the connection, in PEM. */
export interface TlsOptions {
  /** The certificates that sign that of the server. Default: those that Node trusts. */
  readonly ca?: string | Uint8Array;
  /** The certificate of this client, with intermediate certificates behind it; needs `key`. Default: none. */
  readonly cert?: string | Uint8Array;
  /** The private key of `cert`. Default: none. */
  readonly key?: string | Uint8Array;
  /** The name that the certificate of the server must have, if it is not that of the address. Default: the address. */
  readonly serverName?: string;
}

/** Creates the credentials of a channel. @throws {DispatcherError} INVALID_ARGUMENT if they cannot be used. */
export function secureCredentials({ ca, cert, key }: TlsOptions): ChannelCredentials {
  if ((cert === undefined) !== (key === undefined)) {
    throw invalidArgument("tls", "has only one of cert and key; set both, or none");
  }
  try {
    return credentials.createSsl(bufferOf(ca), bufferOf(key), bufferOf(cert));
  } catch (error) {
    throw invalidArgument("tls", `cannot be used: ${errorText(error)}`);
  }
}

/** The options of a channel that follow from those of TLS. */
export function tlsChannelOptions({ serverName }: TlsOptions): ChannelOptions {
  return serverName === undefined
    ? {}
    : { "grpc.ssl_target_name_override": serverName, "grpc.default_authority": serverName };
}

function bufferOf(pem: string | Uint8Array | undefined): Buffer | null {
  return pem === undefined ? null : Buffer.from(pem);
}
