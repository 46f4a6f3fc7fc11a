/**
 * A queue in which peers take turns. What one peer has queued is taken in the order in which it was added; whoever queues
 * much waits for itself, and an item of another peer waits for one item of each peer at most.
 */
import { Fifo } from "./fifo.js";

/** The items of one peer. */
class PeerQueue<T> {
  readonly items = new Fifo<{ readonly item: T; readonly cost: number }>();
  cost = 0;

  constructor(readonly peer: string) {}
}

/** A queue with an order for each peer. Every operation takes constant time, whatever others have queued. */
export class FairQueue<T> {
  private readonly queues = new Map<string, PeerQueue<T>>();
  /** The peers that have items, the one whose turn is next first. */
  private readonly turns = new Fifo<PeerQueue<T>>();
  private count = 0;
  private total = 0;

  /** The number of items. */
  get length(): number {
    return this.count;
  }

  /** The sum of the costs of all items. */
  get cost(): number {
    return this.total;
  }

  /** Whether a peer has items. */
  has(peer: string): boolean {
    return this.queues.has(peer);
  }

  /** Adds an item as the last one of a peer. @param cost - what it counts for; at least 0. */
  add(peer: string, item: T, cost = 0): void {
    let queue = this.queues.get(peer);
    if (!queue) {
      queue = new PeerQueue(peer);
      this.queues.set(peer, queue);
      this.turns.add(queue);
    }
    queue.items.add({ item, cost });
    queue.cost += cost;
    this.count++;
    this.total += cost;
  }

  /** Takes the first item of the peer whose turn it is. @returns undefined if there is none. */
  take(): T | undefined {
    const queue = this.turns.take();
    return queue && this.takeFrom(queue);
  }

  /** Takes the first item of a peer whose items cost at least the average of all peers. */
  takeFromHeavy(): T | undefined {
    for (let queue = this.turns.take(); queue; queue = this.turns.take()) {
      if (queue.cost * this.queues.size >= this.total) return this.takeFrom(queue);
      this.turns.add(queue);
    }
    return undefined;
  }

  /** @param queue - not among the turns. */
  private takeFrom(queue: PeerQueue<T>): T | undefined {
    const first = queue.items.take();
    if (queue.items.length > 0) this.turns.add(queue);
    else this.queues.delete(queue.peer);
    if (!first) return undefined;
    queue.cost -= first.cost;
    this.count--;
    this.total -= first.cost;
    return first.item;
  }
}
