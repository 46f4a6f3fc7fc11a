/** A ratio that a comparison should reach. */
export interface Goal {
  readonly shape: string;
  readonly metric: string;
  readonly ours: string;
  readonly theirs: string;
  readonly ratio: number;
  /** Whether a larger ratio is the better one. */
  readonly larger: boolean;
}

/** All goals. A comparison without one is shown for what it is. */
export const GOALS: readonly Goal[] = [
  { shape: "4x4/128", metric: "deliveries/s", ours: "ours", theirs: "naive", ratio: 8, larger: true },
];

/** How a goal is written in tables and in the JSON file. */
export function describeGoal({ larger, ratio }: Goal): string {
  return `${larger ? ">=" : "<="} ${ratio}`;
}
