/** The goals: which figures are compared, and the ratio to reach. */
import type { FigureName } from "./figures.js";

/** What one of our figures is divided by. */
export type Against =
  /** The same figure of another peer at the same work. */
  | { readonly peer: string }
  /** The same figure, and peer, at other work. */
  | { readonly work: string }
  /** Another figure of the same sample. */
  | { readonly figure: FigureName }
  /** A fixed bound. */
  | { readonly bound: number };

/** One comparison. */
export interface Comparison {
  readonly work: string;
  readonly figure: FigureName;
  readonly ours: string;
  readonly against: Against;
}

/** A comparison with a ratio to reach. */
export interface Goal extends Comparison {
  readonly ratio: number;
  /** Whether a larger ratio is better. */
  readonly larger: boolean;
}

const RATE = "deliveriesPerSecond";
const CPU = "serverCpuUsPerDelivery";

function goal(work: string, figure: FigureName, against: Against, ratio: string, ours = "ours"): Goal {
  const [sign, number] = ratio.split(" ");
  return { work, figure, ours, against, ratio: Number(number), larger: sign === ">=" };
}

const NATS = { peer: "nats" };
const NAIVE = { peer: "naive" };
const HTTP2 = { peer: "http2" };

/** All goals. Comparisons without a goal are shown for information. */
export const GOALS: readonly Goal[] = [
  goal("16x16/128", RATE, NATS, ">= 1.25"),
  goal("4x4/128", RATE, NATS, ">= 1"),
  goal("1x1/128", RATE, NATS, ">= 0.9"),
  goal("4x4/4096", RATE, NATS, ">= 0.9"),
  goal("16x16/128", CPU, NATS, "<= 0.5"),
  goal("4x4/128", CPU, NATS, "<= 1"),
  goal("4x4/4096", CPU, NATS, "<= 0.7"),
  goal("gather 4", RATE, { peer: "nats-request-many" }, ">= 1.2", "ours-gather"),
  goal("4x4/128", RATE, NAIVE, ">= 25"),
  goal("16x16/128", RATE, NAIVE, ">= 20"),
  goal("1x1/128", RATE, NAIVE, ">= 60"),
  goal("4x4/128", RATE, NAIVE, ">= 2", "ours-plain"),
  goal("16x16/128", RATE, NAIVE, ">= 4", "ours-plain"),
  goal("4x4/128", RATE, { peer: "seed" }, ">= 4.5"),
  goal("broadcast 8", RATE, HTTP2, ">= 0.9", "ours-broadcast"),
  goal("broadcast 64", RATE, HTTP2, ">= 0.9", "ours-broadcast"),
  goal("open 4x4/128", "p50Ms", NATS, "<= 1.2"),
  goal("open 4x4/128", "p99Ms", NATS, "<= 1.3"),
  goal("4x4/4096 struct", CPU, { work: "4x4/4096" }, "<= 1.05", "ours-lean"),
  goal("topics 10000", RATE, { work: "4x4/128" }, ">= 0.9"),
  goal("pending 100000", RATE, { work: "pending 100" }, ">= 0.9"),
  goal("idle own 1000", "rssKbPerStream", { bound: 40 }, "<= 1"),
  goal("idle own 5000", "rssKbPerStream", { bound: 40 }, "<= 1"),
  goal("idle shared 1000", "rssKbPerStream", { bound: 16 }, "<= 1"),
  goal("idle shared 5000", "rssKbPerStream", { bound: 16 }, "<= 1"),
  goal("ttl 200000", "deliveredAfterTtl", { bound: 0 }, "<= 1"),
  goal("ttl 200000", "rejectedBeforeTtl", { bound: 0 }, "<= 1"),
  goal("ttl 200000", "expiryP99Ms", { figure: "tickAndStallMs" }, "<= 1"),
  goal("stalled 1 of 100", "othersRateRatio", { bound: 1 }, ">= 0.9"),
  goal("stalled 1 of 100", "rssGrowthMiB", { bound: 32 }, "<= 1"),
];

/** How the CPU per delivery changes as one dimension grows; no goals. */
export const GROWTH: readonly Comparison[] = [
  { work: "10x1/128", figure: CPU, ours: "ours", against: { work: "1x1/128" } },
  { work: "1x10/128", figure: CPU, ours: "ours", against: { work: "1x1/128" } },
  { work: "10x10/128", figure: CPU, ours: "ours", against: { work: "1x1/128" } },
  { work: "topics 100", figure: CPU, ours: "ours", against: { work: "4x4/128" } },
  { work: "topics 10000", figure: CPU, ours: "ours", against: { work: "topics 100" } },
  { work: "pending 100000", figure: CPU, ours: "ours", against: { work: "pending 100" } },
];

/** Whether a goal needs the figures of this peer at this work. */
export function isNeededByGoal(work: string, peer: string): boolean {
  return GOALS.some(({ work: its, ours, against }) => {
    const isBeside = its === work && (ours === peer || ("peer" in against && against.peer === peer));
    return isBeside || ("work" in against && against.work === work && ours === peer);
  });
}

/** A goal as tables and the JSON file show it. */
export function describeGoal({ larger, ratio }: Goal): string {
  return `${larger ? ">=" : "<="} ${ratio}`;
}
