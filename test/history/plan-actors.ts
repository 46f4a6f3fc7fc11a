/** Plans the actors of a run. Their kinds are fixed; their topics are random. */
import type { Registration } from "./history.js";
import type { ActorSpecs, ListenerSpec, Make, ProducerSpec } from "./plan.js";
import type { Random } from "./random.js";

/** Topics of requests. The last one has no producer unless an act registers one. */
export const TOPICS = ["t.a.1", "t.a.2", "t.a.3", "t.b.1", "t.b.2", "u.1", "u.2", "nobody"] as const;
/** Patterns that producers and listeners may use in addition. */
export const PATTERNS = ["t.*.1", "t.a.*", "t.>", "u.*"] as const;
/** The topic of floods, for listeners that do not read. */
export const BULK_TOPIC = "bulk";
/** The producer of floods. */
export const FLOOD_PRODUCER = "flood";
/** A listener that stays disconnected for longer than results are retained. */
export const GONE = "gone";

const GROUPS = ["", "", "", "g1", "g2"] as const;

/** Plans all actors. */
export function planActors(random: Random, forgets: boolean): ActorSpecs {
  const makes: readonly Make[] = ["wire", "wire", "wire", "process", "process", "client", "client"];
  const producers: ProducerSpec[] = makes.map((make, i) => ({
    id: `p${i}`,
    make,
    registrations: someRegistrations(random, i),
    // One producer has little credit and a small backlog, so that assignments queue and the producer is saturated.
    maxOutstanding: i === 1 ? 2 : 0,
    maxBacklog: i === 1 ? 2 : 0,
    labels: { zone: random.pick(["north", "south"]) },
  }));
  producers.push({
    id: FLOOD_PRODUCER,
    make: "wire",
    registrations: [{ topic: BULK_TOPIC, group: "" }],
    maxOutstanding: 0,
    maxBacklog: 0,
    labels: {},
  });
  return {
    producers,
    listeners: listeners(random, forgets),
    requesters: [
      { id: "r0", make: "submit" },
      { id: "r1", make: "submit" },
      { id: "r2", make: "unary" },
      { id: "r3", make: "client" },
    ],
  };
}

function someRegistrations(random: Random, index: number): readonly Registration[] {
  const group = random.pick(GROUPS);
  const named = TOPICS.slice(0, -1).filter((_, at) => at === index || random.chance(0.35));
  const registrations: Registration[] = named.map((topic) => ({ topic, group }));
  if (random.chance(0.3)) registrations.push({ topic: random.pick(PATTERNS), group });
  return registrations;
}

function listeners(random: Random, forgets: boolean): readonly ListenerSpec[] {
  const plain = { group: "", includeLate: false, includeSummaries: false, resumes: true, bufferBytes: 0 };
  const some = () => TOPICS.filter(() => random.chance(0.6));
  const call = "Subscribe";
  const all: ListenerSpec[] = [
    // Receives everything at all times; the others are compared with it.
    {
      ...plain,
      id: "l0",
      make: "wire",
      call: "Listen",
      topics: [">"],
      includeLate: true,
      includeSummaries: true,
    },
    { ...plain, id: "l1", make: "wire", call: "Listen", topics: some(), includeSummaries: true },
    { ...plain, id: "l2", make: "wire", call, topics: [random.pick(PATTERNS), "u.1"], includeLate: true },
    { ...plain, id: "l3", make: "process", call, topics: ["t.>", ...some()], includeSummaries: true },
    { ...plain, id: "l4", make: "client", call, topics: [...some(), "t.*.2"], includeSummaries: true },
    { ...plain, id: "l5", make: "client", call, topics: [random.pick(PATTERNS), "t.a.1"] },
    { ...plain, id: "g0", make: "wire", call, topics: ["t.>"], group: "share", includeSummaries: true },
    { ...plain, id: "g1", make: "wire", call: "Listen", topics: ["t.a.*", "u.1"], group: "share" },
    {
      ...{ ...plain, id: "slow", make: "wire", call, topics: [BULK_TOPIC, "u.1"], includeSummaries: true },
      ...{ resumes: false, bufferBytes: 256 * 1024 },
    },
  ];
  if (forgets) all.push({ ...plain, id: GONE, make: "wire", call, topics: ["t.>", "u.*"] });
  return all;
}
