import { type OptionTable, type Rule, tableOf } from "../options/option-check.js";
import { ANY_OBJECT, mapOf, numberFrom, optionsOf, POSITIVE_WAIT, TEXT } from "../options/rules.js";
import type { ReconnectOptions } from "./backoff.js";
import type { ConnectionOptions } from "./connection.js";

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

const RECONNECT = tableOf<ReconnectOptions>({
  initialDelayMs: POSITIVE_WAIT,
  maxDelayMs: POSITIVE_WAIT,
  multiplier: numberFrom(1, Number.POSITIVE_INFINITY),
  jitter: numberFrom(0, 1),
});

export const CONNECTION_TABLE: OptionTable = tableOf<ConnectionOptions>({
  address: ADDRESS,
  credentials: CREDENTIALS,
  metadata: mapOf(TEXT),
  channelOptions: ANY_OBJECT,
  reconnect: optionsOf(RECONNECT, "options of reconnect"),
});
