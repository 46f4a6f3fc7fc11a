/**
 * Counts the fields of a message before generated code decodes it. Decoding creates an object for each repeated entry:
 * half a million empty entries, one megabyte, hold the event loop for 2 s. Counting creates none and takes a few
 * milliseconds, so a message beyond its limits is refused for the price of its bytes.
 */
import { WireError, type WireReader } from "ate-dispatcher-client/internal";

const LENGTH_DELIMITED = 2;
/** No message has a field with this number or a larger one; unknown fields are only counted together. */
const END_OF_FIELDS = 16;
/** Fields that a message may have beside its repeated ones; unknown fields of later versions are among them. */
const MAX_OTHER_FIELDS = 20_000;
/** Fields of one entry, embedded ones included. A cursor has three. */
const MAX_FIELDS_PER_ENTRY = 8;

/** A repeated field, and how many entries it may have. */
export interface EntryLimit {
  readonly field: number;
  /** Its name in the contract. */
  readonly name: string;
  readonly max: number;
  /** Whether its entries are messages, whose fields are counted, too. */
  readonly isMessage: boolean;
}

/** A repeated field with too many entries. */
export interface Excess extends EntryLimit {
  /** The number of its entries, as text; "over 100000" if not all were counted. */
  readonly count: string;
}

/** The fields of a message, or of several that are decoded together. */
export class EntryCounts {
  private readonly counts = new Uint32Array(END_OF_FIELDS);
  private total = 0;

  /**
   * Counts the fields of the entered message up to its end, or until they are too many to be read at all.
   *
   * @returns the first repeated field with too many entries; undefined if there is none.
   * @throws {WireError} if the messages counted so far have many more fields than entries.
   */
  count(reader: WireReader, limits: readonly EntryLimit[]): Excess | undefined {
    const { counts } = this;
    counts.fill(0);
    let maxFields = MAX_OTHER_FIELDS;
    for (const { max } of limits) maxFields += max * MAX_FIELDS_PER_ENTRY;
    while (this.total <= maxFields && reader.next()) {
      const { field } = reader;
      this.total++;
      if (field < END_OF_FIELDS) counts[field] = (counts[field] as number) + 1;
      if (isMessage(reader, limits)) this.countEmbedded(reader, maxFields);
      else reader.skip();
    }
    const isAll = this.total <= maxFields;
    for (const limit of limits) {
      const count = counts[limit.field] as number;
      if (count > limit.max) return { ...limit, count: isAll ? String(count) : `over ${count - 1}` };
    }
    if (!isAll) throw new WireError(`it has over ${maxFields} fields, the most that are read; send fewer`);
    return undefined;
  }

  private countEmbedded(reader: WireReader, maxFields: number): void {
    const outer = reader.enter();
    for (; this.total <= maxFields && reader.next(); this.total++) reader.skip();
    reader.leave(outer);
  }
}

function isMessage(reader: WireReader, limits: readonly EntryLimit[]): boolean {
  for (const limit of limits) {
    if (limit.field === reader.field) return limit.isMessage && (reader.currentTag & 7) === LENGTH_DELIMITED;
  }
  return false;
}
