/** Everything that samples measure: the name in code and JSON, the title in tables, and which direction is better. */

/** A figure. */
export interface Figure {
  readonly title: string;
  /** Whether a larger value is better. */
  readonly larger: boolean;
}

/** All figures. */
export const FIGURES = {
  deliveriesPerSecond: { title: "deliveries/s", larger: true },
  serverCpuUsPerDelivery: { title: "server CPU us/delivery", larger: false },
  p50Ms: { title: "p50 ms", larger: false },
  p99Ms: { title: "p99 ms", larger: false },
  /** Delay between the intended time of a request and its sending: the error of the load generator. */
  sendDelayP99Ms: { title: "send delay p99 ms", larger: false },
  requestsPerSecond: { title: "requests/s", larger: true },
  /** Requests that the server rejected because of load. */
  shedPerSecond: { title: "shed/s", larger: false },
  /** Results that gaps report as lost. */
  lostPerSecond: { title: "lost/s", larger: false },
  /** Requests that were accepted and did not get all results. */
  unansweredPerSecond: { title: "unanswered/s", larger: false },
  serverRssMiB: { title: "server RSS MiB", larger: false },
  rssKbPerStream: { title: "server RSS KB/stream", larger: false },
  heapKbPerStream: { title: "server heap KB/stream", larger: false },
  expiryP99Ms: { title: "expiry lateness p99 ms", larger: false },
  /** One tick of the deadline wheel plus the longest stall of the server's event loop. */
  tickAndStallMs: { title: "tick + longest stall ms", larger: false },
  deliveredAfterTtl: { title: "delivered after TTL", larger: false },
  rejectedBeforeTtl: { title: "rejected before TTL", larger: false },
  /** The rate of the other listeners while one is stalled, over their rate before. */
  othersRateRatio: { title: "others' rate / before", larger: true },
  rssGrowthMiB: { title: "server RSS growth MiB", larger: false },
  /** CPU time over measured time; 1 is one busy core. */
  serverCores: { title: "server cores", larger: false },
  clientCores: { title: "client cores", larger: false },
  /** Cores used by anything else, the kernel included; far above 0.2 means a disturbed sample. */
  otherCores: { title: "other cores", larger: false },
  /** Requests that ended in the measured time. */
  requestCount: { title: "requests", larger: true },
  measuredMs: { title: "measured ms", larger: true },
  /** Payloads that were compared byte by byte, in the entire sample. */
  verifiedCount: { title: "payloads verified", larger: true },
} as const satisfies Readonly<Record<string, Figure>>;

/** The name of a figure. */
export type FigureName = keyof typeof FIGURES;

/** The figures of one sample. Figures that this operating system does not provide are absent. */
export type Measurement = Readonly<Partial<Record<FigureName, number>>>;

/** Drops figures that are not finite: JSON has no NaN. */
export function known(figures: Measurement): Measurement {
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => Number.isFinite(value)));
}
