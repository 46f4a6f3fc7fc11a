import { type OptionTable, type Rule, tableOf } from "../options/option-check.js";
import { ANY_OBJECT, FLAG, mapOf, numberFrom, optionsOf, POSITIVE_WAIT, TEXT } from "../options/rules.js";
import type { ReconnectOptions } from "./backoff.js";
import type { ConnectionOptions } from "./connection.js";
import type { TlsOptions } from "./tls-options.js";

const HAS_SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

const ADDRESS: Rule = {
  use: 'host:port, such as "127.0.0.1:50051", or another gRPC target, such as "dns:///host:port" or "unix:/path", and credentials for TLS',
  isValid(value) {
    if (typeof value !== "string" || value === "" || /\s/.test(value)) return false;
    return !HAS_SCHEME.test(value) || /^(dns|ipv4|ipv6|unix|unix-abstract|xds):/i.test(value);
  },
};

const CREDENTIALS: Rule = {
  use: "ChannelCredentials, such as credentials.createSsl()",
  isValid: (value) => typeof value === "object" && value !== null && "_isSecure" in value,
};

const PEM: Rule = {
  use: "a text or bytes in PEM",
  isSecret: true,
  isValid: (value) => typeof value === "string" || value instanceof Uint8Array,
};

const TLS = tableOf<TlsOptions>({ ca: PEM, cert: PEM, key: PEM, serverName: TEXT });

const TOKEN: Rule = {
  use: "a text that is not empty, or a function that returns one",
  isSecret: true,
  isValid: (value) => (typeof value === "string" ? value !== "" : typeof value === "function"),
};

const RECONNECT = tableOf<ReconnectOptions>({
  initialDelayMs: POSITIVE_WAIT,
  maxDelayMs: POSITIVE_WAIT,
  multiplier: numberFrom(1, Number.POSITIVE_INFINITY),
  jitter: numberFrom(0, 1),
});

export const CONNECTION_TABLE: OptionTable = tableOf<ConnectionOptions>({
  address: ADDRESS,
  credentials: CREDENTIALS,
  tls: optionsOf(TLS, "options of tls"),
  token: TOKEN,
  allowInsecureToken: FLAG,
  metadata: mapOf(TEXT),
  channelOptions: ANY_OBJECT,
  reconnect: optionsOf(RECONNECT, "options of reconnect"),
});
