/**
 * Everything that samples measure, by name: how it is called in tables, and which way is better.
 */

/** One kind of figure. */
export interface Figure {
  readonly title: string;
  /** Whether a larger one is better. */
  readonly larger: boolean;
}

/** All kinds. */
export const FIGURES = {
  deliveriesPerSecond: { title: "deliveries/s", larger: true },
  serverCpuUsPerDelivery: { title: "server CPU us/delivery", larger: false },
  p50Ms: { title: "p50 ms", larger: false },
  p99Ms: { title: "p99 ms", larger: false },
  /** How far behind its intended time a request was sent: what the load generator itself adds. */
  sendLateP99Ms: { title: "sent late p99 ms", larger: false },
  requestsPerSecond: { title: "requests/s", larger: true },
  /** Requests refused for load. */
  shedPerSecond: { title: "refused/s", larger: false },
  /** Results that listeners were told they had lost. */
  lostPerSecond: { title: "lost/s", larger: false },
  /** Requests sent that were not refused, and of which not every result came. */
  unansweredPerSecond: { title: "unanswered/s", larger: false },
  serverRssMiB: { title: "server RSS MiB", larger: false },
  rssKbPerStream: { title: "server RSS KB/stream", larger: false },
  heapKbPerStream: { title: "server heap KB/stream", larger: false },
  expiryP99Ms: { title: "expiry late p99 ms", larger: false },
  /** A tick of the deadline wheel and the longest time that the server's event loop was held up. */
  tickAndStallMs: { title: "tick + longest stall ms", larger: false },
  deliveredAfterTtl: { title: "delivered after TTL", larger: false },
  refusedBeforeTtl: { title: "refused before TTL", larger: false },
  /** The rate of the others while one listener stands still, over their rate before. */
  othersRateRatio: { title: "others' rate, of before", larger: true },
  rssGrowthMiB: { title: "server RSS growth MiB", larger: false },
  /** CPU used in the measured time, in cores; 1 is one core fully busy. */
  serverCores: { title: "server cores", larger: false },
  clientCores: { title: "client cores", larger: false },
  /** Cores in use by anything else, the kernel's own work included: far above 0.2 means a disturbed sample. */
  otherCores: { title: "other cores", larger: false },
  /** Requests that ended in the measured time. */
  requestCount: { title: "requests", larger: true },
  measuredMs: { title: "measured ms", larger: true },
  /** Payloads that were compared as a whole, in the entire sample. */
  verifiedCount: { title: "payloads verified", larger: true },
} as const satisfies Readonly<Record<string, Figure>>;

/** The name of a kind. */
export type FigureName = keyof typeof FIGURES;

/** What one sample measured; what this system cannot tell is absent. */
export type Measurement = Readonly<Partial<Record<FigureName, number>>>;

/** Leaves out what could not be measured: JSON has no NaN. */
export function known(figures: Measurement): Measurement {
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => Number.isFinite(value)));
}
