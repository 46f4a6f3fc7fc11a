/**
 * Counts refusals by peer and cause, so that a flood of calls makes few lines: the first refusal is logged at once, and the
 * further ones of a minute as one number.
 */
import type { AuditedRefusal, AuditLog } from "../ports/audit.js";
import type { Logger } from "../ports/logger.js";
import type { Ticker } from "../ports/ticker.js";

/** Peers and causes that are counted apart within a minute; all others are counted by cause. */
const MAX_ENTRIES = 100;
/** The peer in a line that is about several of them. */
const OTHERS = "others";

interface Entry extends AuditedRefusal {
  /** Refusals that are not logged yet. */
  count: number;
}

/** Counts refusals, and logs them once a minute. */
export class RefusalAudit implements AuditLog {
  readonly #entries = new Map<string, Entry>();
  #stopTicks: (() => void) | undefined;

  /** @param ticker - its period is a minute. */
  constructor(
    private readonly logger: Logger,
    private readonly ticker: Ticker,
  ) {}

  refused({ peer, reason, why }: AuditedRefusal): void {
    const known = this.#entries.get(keyOf(peer, why));
    if (known) known.count++;
    else if (this.#entries.size < MAX_ENTRIES) this.#write(this.#add({ peer, reason, why, count: 1 }));
    else {
      const others =
        this.#entries.get(keyOf(OTHERS, why)) ?? this.#add({ peer: OTHERS, reason, why, count: 0 });
      others.count++;
    }
  }

  /** Logs what is not logged yet. */
  flush(): void {
    for (const [key, entry] of this.#entries) {
      if (entry.count > 0) this.#write(entry);
      // A peer that goes on is not new: its next line comes in a minute.
      else this.#entries.delete(key);
    }
    if (this.#entries.size > 0) return;
    this.#stopTicks?.();
    this.#stopTicks = undefined;
  }

  /** Logs what is not logged yet, and stops. */
  stop(): void {
    this.flush();
    this.#entries.clear();
    this.flush();
  }

  #add(entry: Entry): Entry {
    this.#entries.set(keyOf(entry.peer, entry.why), entry);
    this.#stopTicks ??= this.ticker.every(() => this.flush());
    return entry;
  }

  #write(entry: Entry): void {
    const { peer, reason, why, count } = entry;
    entry.count = 0;
    this.logger.info({ audit: "refused", peer, reason, why, count }, "calls were refused");
  }
}

function keyOf(peer: string, why: string): string {
  return `${peer}\n${why}`;
}
